# cpp-httplib is heavy to compile and dangerous to use bare, so exactly src/http/server*.cpp and
# src/http/client.cpp see it.
file(GLOB httplib_users CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/http/server*.cpp
  ${PROJECT_SOURCE_DIR}/src/http/client.cpp)
if(httplib_users AND NOT COUPOND_HTTPLIB_SHARED)
  # One-header form, without TLS and compression: neither is used, and both would be linked in.
  set_source_files_properties(${httplib_users} PROPERTIES
    COMPILE_OPTIONS "-isystem;${COUPOND_HTTPLIB_DIR}"
    SKIP_PRECOMPILE_HEADERS ON)
elseif(httplib_users AND HTTPLIB_FOUND)
  message(WARNING "cpp-httplib's one-header form is missing from .deps: linking Debian's shared "
    "library, so the executable will not be self-contained. scripts/deps.sh fetches it.")
  # Its flags change the layout of Request, so they are not optional; the target carries them.
  target_link_libraries(coupond_http PRIVATE PkgConfig::HTTPLIB)
elseif(httplib_users)
  message(FATAL_ERROR "cpp-httplib is missing: run scripts/deps.sh first.")
endif()
