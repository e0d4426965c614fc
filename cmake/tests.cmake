# One executable and one ctest label per folder of tests/: `ctest --preset release -L unit`.
find_package(Catch2 2.13 REQUIRED)
include(Catch)

# tests/support plus the precompiled heavy headers, shared by all test executables. Tests are compiled
# without optimisation (the code they test keeps its own), which halves the time to build them.
file(GLOB support_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
file(GENERATE OUTPUT ${COUPOND_GENERATED_DIR}/test_headers.cpp
  CONTENT "// Exists so that the precompiled headers of the tests have a target.\n")
add_library(coupond_test_support STATIC
  ${COUPOND_GENERATED_DIR}/test_headers.cpp ${support_sources})
target_link_libraries(coupond_test_support PUBLIC
  coupond_cli coupond_app coupond_api coupond_http coupond_service coupond_store coupond_domain
  coupond_core Catch2::Catch2)
set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/support/source_dir.cpp PROPERTIES
  COMPILE_DEFINITIONS COUPOND_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_compile_options(coupond_test_support PUBLIC -fpch-preprocess)
target_precompile_headers(coupond_test_support PRIVATE <catch2/catch.hpp> <nlohmann/json.hpp>)
if(NOT COUPOND_SANITIZE)
  target_compile_options(coupond_test_support PUBLIC -O0)
endif()

# The folders that take longest to compile.
set(grouped cli engine http security)

# coupond_test(FOLDER LABEL): the executable coupond_LABEL_tests from tests/FOLDER/*.cpp, each test
# case a ctest entry "LABEL: name". A test that drives the built binary finds it in COUPOND_BINARY.
# A name that Catch does not find again (one with a semicolon) fails instead of passing unseen.
function(coupond_test folder label)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  set(target coupond_${label}_tests)
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE coupond_test_support Catch2::Catch2WithMain)
  target_precompile_headers(${target} REUSE_FROM coupond_test_support)
  if(label IN_LIST grouped)
    coupond_group(${target})
  endif()
  catch_discover_tests(${target}
    TEST_PREFIX "${label}: "
    EXTRA_ARGS --warn NoTests
    PROPERTIES LABELS ${label}
      ENVIRONMENT "COUPOND_BINARY=${PROJECT_BINARY_DIR}/coupond")
endfunction()

file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${PROJECT_SOURCE_DIR}/tests
  ${PROJECT_SOURCE_DIR}/tests/*)
list(REMOVE_ITEM folders support bench fuzz clients)
foreach(folder IN LISTS folders)
  coupond_test(${folder} ${folder})
endforeach()

# Benchmarks are programs of one file each, optimised, and never run by ctest.
file(GLOB benches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/*.cpp)
foreach(source IN LISTS benches)
  get_filename_component(name ${source} NAME_WE)
  add_executable(coupond_${name} ${source})
  target_link_libraries(coupond_${name} PRIVATE coupond_cli)
endforeach()

# The examples are built with the tests, so that they cannot rot.
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.cpp)
foreach(source IN LISTS examples)
  get_filename_component(name ${source} NAME_WE)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE coupond_service)
endforeach()

# Every walk-through of examples/, run as a user would.
add_test(NAME "examples: each does what it says"
  COMMAND bash ${PROJECT_SOURCE_DIR}/tests/examples/run.sh
    $<TARGET_FILE:coupond> $<TARGET_FILE:example_embed>)
set_tests_properties("examples: each does what it says" PROPERTIES LABELS examples)
add_test(NAME "examples: a copy carried away, and a standby"
  COMMAND bash ${PROJECT_SOURCE_DIR}/tests/examples/copy.sh $<TARGET_FILE:coupond>)
set_tests_properties("examples: a copy carried away, and a standby" PROPERTIES
  LABELS examples TIMEOUT 300 SKIP_REGULAR_EXPRESSION "^skipped:")
add_test(NAME "examples: the ledger goes on in PostgreSQL"
  COMMAND bash ${PROJECT_SOURCE_DIR}/tests/examples/postgres.sh $<TARGET_FILE:coupond>)
set_tests_properties("examples: the ledger goes on in PostgreSQL" PROPERTIES
  LABELS examples TIMEOUT 300 SKIP_REGULAR_EXPRESSION "^skipped:")
add_test(NAME "examples: a cluster whose leader is killed"
  COMMAND bash ${PROJECT_SOURCE_DIR}/tests/examples/cluster.sh $<TARGET_FILE:coupond>)
set_tests_properties("examples: a cluster whose leader is killed" PROPERTIES
  LABELS examples TIMEOUT 120 SKIP_REGULAR_EXPRESSION "^skipped:")
add_test(NAME "examples: systemd understands the units"
  COMMAND bash ${PROJECT_SOURCE_DIR}/tests/examples/units.sh $<TARGET_FILE:coupond>)
set_tests_properties("examples: systemd understands the units" PROPERTIES
  LABELS examples TIMEOUT 60 SKIP_REGULAR_EXPRESSION "^skipped:")

# tests/clients: one conversation a service, as its clients have it, with the built binary.
file(GLOB clients CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/clients/*.py)
list(FILTER clients EXCLUDE REGEX "/client\\.py$")
foreach(source IN LISTS clients)
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME "clients: the ${name} service's go on as before"
    COMMAND python3 -B ${source} $<TARGET_FILE:coupond>)
  set_tests_properties("clients: the ${name} service's go on as before" PROPERTIES
    LABELS clients TIMEOUT 300)
endforeach()

# The pages in a real browser, driven by Python. They share a lock: three browsers at once would be
# slow on a small machine, and tests of what a till does while nothing answers need no company. They
# start first (COST), lest they be left alone at the end, one after the other.
foreach(theme owner cards till tills import upkeep devices handles keyboard pages pictures)
  add_test(NAME "browser: ${theme}"
    COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/browser/${theme}_test.py $<TARGET_FILE:coupond>)
  set_tests_properties("browser: ${theme}" PROPERTIES
    LABELS browser TIMEOUT 300 RESOURCE_LOCK browser COST 100)
endforeach()

# Two coupond with three members of etcd, which .deps has, driven by Python. The histories are
# recorded and checked by coupond_simulation_tests, which lies beside the executable.
foreach(theme kills pauses etcd partitions races histories upkeep)
  add_test(NAME "cluster: ${theme}"
    COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/cluster/${theme}_test.py $<TARGET_FILE:coupond>)
  set_tests_properties("cluster: ${theme}" PROPERTIES
    LABELS cluster SKIP_REGULAR_EXPRESSION "^skipped:")
endforeach()

include(cmake/fuzz.cmake)

# The planted bugs of tests/mutants must not rot; tests/mutants/run.sh plants them.
add_test(NAME "mutants: every planted bug still fits the tree"
  COMMAND bash ${PROJECT_SOURCE_DIR}/tests/mutants/check.sh ${PROJECT_BINARY_DIR})
set_tests_properties("mutants: every planted bug still fits the tree"
  PROPERTIES LABELS mutants TIMEOUT 60)
