# The libraries as Debian 12 packages them. Archives (.a) are preferred everywhere, so that tests and
# the static binary run the same code.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
find_package(Threads REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

find_path(SODIUM_INCLUDE_DIR sodium.h REQUIRED)
find_library(SODIUM_LIBRARY sodium REQUIRED)
add_library(sodium::sodium UNKNOWN IMPORTED)
set_target_properties(sodium::sodium PROPERTIES
  IMPORTED_LOCATION ${SODIUM_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${SODIUM_INCLUDE_DIR})

# QR codes. Its header tells no version; the shared library's name does.
find_path(QRCODEGEN_INCLUDE_DIR qrcodegen/qrcodegen.hpp REQUIRED)
find_library(QRCODEGEN_LIBRARY qrcodegencpp REQUIRED)
add_library(qrcodegen::qrcodegen UNKNOWN IMPORTED)
set_target_properties(qrcodegen::qrcodegen PROPERTIES
  IMPORTED_LOCATION ${QRCODEGEN_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${QRCODEGEN_INCLUDE_DIR})
get_filename_component(COUPOND_QRCODEGEN_DIR ${QRCODEGEN_LIBRARY} DIRECTORY)
file(GLOB COUPOND_QRCODEGEN_VERSION ${COUPOND_QRCODEGEN_DIR}/libqrcodegencpp.so.*.*.*)
string(REGEX REPLACE "^.*\\.so\\." "" COUPOND_QRCODEGEN_VERSION "${COUPOND_QRCODEGEN_VERSION}")
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h REQUIRED)
find_library(UTF8PROC_LIBRARY utf8proc REQUIRED)
add_library(utf8proc::utf8proc UNKNOWN IMPORTED)
set_target_properties(utf8proc::utf8proc PROPERTIES
  IMPORTED_LOCATION ${UTF8PROC_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${UTF8PROC_INCLUDE_DIR})

# coupond_header_version(VAR FILE MACRO): the string a library's header gives as its version.
function(coupond_header_version variable file macro)
  set(version unknown)
  if(EXISTS ${file})
    file(STRINGS ${file} line REGEX "define[ \t]+${macro}[ \t]+\"" LIMIT_COUNT 1)
    if(line MATCHES "\"([^\"]*)\"")
      set(version ${CMAKE_MATCH_1})
    endif()
  endif()
  set(${variable} ${version} PARENT_SCOPE)
endfunction()

# cpp-httplib: the one-header form which scripts/deps.sh puts into .deps, else Debian's shared library.
set(COUPOND_HTTPLIB_DIR ${PROJECT_SOURCE_DIR}/.deps/cpp-httplib)
if(EXISTS ${COUPOND_HTTPLIB_DIR}/httplib.h)
  set(COUPOND_HTTPLIB_SHARED OFF)
  coupond_header_version(COUPOND_HTTPLIB_VERSION
    ${COUPOND_HTTPLIB_DIR}/httplib.h CPPHTTPLIB_VERSION)
else()
  set(COUPOND_HTTPLIB_SHARED ON)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(HTTPLIB QUIET IMPORTED_TARGET cpp-httplib)
  endif()
  set(COUPOND_HTTPLIB_VERSION "${HTTPLIB_VERSION} (shared)")
endif()

coupond_header_version(COUPOND_SODIUM_VERSION
  ${SODIUM_INCLUDE_DIR}/sodium/version.h SODIUM_VERSION_STRING)
coupond_header_version(COUPOND_SQLITE_VERSION ${SQLite3_INCLUDE_DIR}/sqlite3.h SQLITE_VERSION)
# utf8proc's header gives its version in three numbers.
file(STRINGS ${UTF8PROC_INCLUDE_DIR}/utf8proc.h parts REGEX "define UTF8PROC_VERSION_M|VERSION_PATCH")
string(REGEX REPLACE "[^0-9]*8PROC_VERSION_[A-Z]+ ([0-9]+)" "\\1;" parts "${parts}")
string(REGEX MATCHALL "[0-9]+" parts "${parts}")
list(JOIN parts . COUPOND_UTF8PROC_VERSION)
