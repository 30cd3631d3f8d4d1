/* A disk that fails: preloaded into the program, it lets one kind of system call fail on the
 * ledger's write-ahead log. Told by the environment:
 *   SHIM_CALL=sync|write   which calls
 *   SHIM_AT=N              the N-th of them fails, from 1
 *   SHIM_ERRNO=NUMBER      with this
 *   SHIM_EVER=1|0          and every later one too, or only that one
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int is_wal(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

/* Whether this call is to fail; errno is set then. */
static int strikes(const char *call, int fd) {
    const char *wanted = getenv("SHIM_CALL"), *at = getenv("SHIM_AT"), *error = getenv("SHIM_ERRNO");
    if (!wanted || !at || !error || strcmp(wanted, call) != 0 || !is_wal(fd)) return 0;
    long count = atomic_fetch_add(&calls, 1) + 1;
    const char *ever = getenv("SHIM_EVER");
    if (count != atol(at) && !(ever && *ever == '1' && count > atol(at))) return 0;
    errno = atoi(error);
    return 1;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return strikes("sync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return strikes("sync", fd) ? -1 : real(fd);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return strikes("write", fd) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    return strikes("write", fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    return strikes("write", fd) ? -1 : real(fd, bytes, count, at);
}
