# Generated sources: the schema, the web pages and the version, as C++ in COUPOND_GENERATED_DIR.
set(COUPOND_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)

# coupond_read(VAR FILE): FILE as text into VAR; changing FILE re-runs CMake. It becomes one raw
# string literal, and a portable literal holds 64 KiB.
function(coupond_read variable file)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(SIZE ${file} bytes)
  if(bytes GREATER 65535)
    message(FATAL_ERROR "${file} has ${bytes} bytes; an embedded file must stay below 64 KiB.")
  endif()
  file(READ ${file} text)
  if(text MATCHES "\\)coupond\"")
    message(FATAL_ERROR "${file} contains the end mark of the literal it is embedded in.")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# schema.sql → coupon::store::kSchemaSql
set(COUPOND_SCHEMA "")
file(GLOB schema CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema.sql)
if(schema)
  coupond_read(COUPOND_SCHEMA ${schema})
endif()
configure_file(cmake/coupond_schema.h.in ${COUPOND_GENERATED_DIR}/coupond_schema.h @ONLY)

# coupond_gzip(VAR FILE): FILE compressed, as the elements of a C++ array, into VAR. The time in
# gzip's head is put to zero, so that the same file gives the same executable.
function(coupond_gzip variable file)
  get_filename_component(name ${file} NAME)
  set(packed ${COUPOND_GENERATED_DIR}/web/${name}.gz)
  file(ARCHIVE_CREATE OUTPUT ${packed} PATHS ${file} FORMAT raw COMPRESSION GZip
    COMPRESSION_LEVEL 9)
  file(READ ${packed} hex HEX)
  string(SUBSTRING "${hex}" 0 8 magic)
  string(SUBSTRING "${hex}" 16 -1 rest)
  set(hex "${magic}00000000${rest}")
  string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
  set(${variable} "${hex}" PARENT_SCOPE)
endfunction()

# src/web/NAME → coupon::web::asset("NAME"), declared in src/web/assets.h. Text files only.
file(GLOB web_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/web/*)
list(FILTER web_files EXCLUDE REGEX "\\.(h|cpp)$")
file(MAKE_DIRECTORY ${COUPOND_GENERATED_DIR}/web)
set(asset_sources "")
set(COUPOND_ASSET_DECLARATIONS "")
set(COUPOND_ASSET_ROWS "")
foreach(file IN LISTS web_files)
  get_filename_component(COUPOND_ASSET_NAME ${file} NAME)
  string(MAKE_C_IDENTIFIER "asset_${COUPOND_ASSET_NAME}" COUPOND_ASSET_SYMBOL)
  coupond_read(COUPOND_ASSET_TEXT ${file})
  coupond_gzip(COUPOND_ASSET_PACKED ${file})
  set(source ${COUPOND_GENERATED_DIR}/web/${COUPOND_ASSET_SYMBOL}.cpp)
  configure_file(cmake/coupond_asset.cpp.in ${source} @ONLY)
  list(APPEND asset_sources ${source})
  string(APPEND COUPOND_ASSET_DECLARATIONS "extern const Asset ${COUPOND_ASSET_SYMBOL};\n")
  string(APPEND COUPOND_ASSET_ROWS
    "  if (name == \"${COUPOND_ASSET_NAME}\") return ${COUPOND_ASSET_SYMBOL};\n")
endforeach()
configure_file(cmake/coupond_assets.cpp.in ${COUPOND_GENERATED_DIR}/web/assets.cpp @ONLY)
add_library(coupond_web STATIC ${COUPOND_GENERATED_DIR}/web/assets.cpp ${asset_sources})
target_link_libraries(coupond_web PUBLIC coupond_flags)

configure_file(cmake/coupond_version.h.in ${COUPOND_GENERATED_DIR}/coupond_version.h @ONLY)
