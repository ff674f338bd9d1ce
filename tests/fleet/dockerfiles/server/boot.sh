#!/bin/sh
# Boots a server the SysV way: what is enabled in runlevel 2 starts, and on SIGTERM stops again.
set -u

make_cgroups_writable() {
    awk '$5 ~ "^/sys/fs/cgroup" { print $5 }' /proc/self/mountinfo | while read -r folder; do
        mount -o remount,rw,bind "$folder" || echo "rig-boot: $folder stays read-only" >&2
    done
    if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
        # cgroup v2 lets a group hand out controllers only when it holds no process itself.
        mkdir -p /sys/fs/cgroup/init
        while read -r pid; do
            echo "$pid" > /sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
        done < /sys/fs/cgroup/cgroup.procs
        sed -e 's/ / +/g' -e 's/^/+/' /sys/fs/cgroup/cgroup.controllers \
            > /sys/fs/cgroup/cgroup.subtree_control || true
    fi
}

each_service() { # action; what is enabled in runlevel 2, as sysv-rc would find it
    for script in /etc/rc2.d/S*; do
        if [ -x "$script" ]; then
            "$script" "$1" || echo "rig-boot: $script $1 failed" >&2
        fi
    done
}

shut_down() {
    each_service stop
    exit 0
}

make_cgroups_writable
# /run is empty after every boot, as on a real server.
mkdir -p /run/lock
trap shut_down TERM INT
each_service start
touch /run/rig-booted
while :; do
    sleep infinity &
    wait $!
done
