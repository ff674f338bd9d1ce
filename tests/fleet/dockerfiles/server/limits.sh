# shellcheck shell=sh
# Read by every init script. Debian's script for Docker asks for more open files than a machine
# may let a container have, and gives up; a server then runs with the most that it can get.
ulimit() {
    command ulimit "$@" 2> /dev/null || command ulimit "$1" "$(command ulimit -H "$1")"
}
