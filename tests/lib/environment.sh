# The environment that every test shares: what a person's shell happens to hold must not matter.
# shellcheck shell=sh
unset PENNYMETER_DATA PENNYMETER_STORE PENNYMETER_BASE_PATH PENNYMETER_REQUESTS_PER_MINUTE PENNYMETER_TEST_STORE PENNYMETER_TEST_POSTGRES
PATH=$PATH:/usr/sbin:/sbin
TZ=UTC LC_ALL=C.UTF-8
ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export PATH TZ LC_ALL ASAN_OPTIONS UBSAN_OPTIONS
