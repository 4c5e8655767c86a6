/* A disk that loses what was not synced. Preloaded into a program, it keeps beside every file of a library, as
   NAME.durable, the file as it was at its last fsync or fdatasync: what a power cut would leave at the least. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int is_kept(const char *path) {
    const char *name = strrchr(path, '/');
    return name && (!strcmp(name, "/library.sqlite") || !strcmp(name, "/library.sqlite-wal"));
}

static void keep(int file) {
    char link[64], path[PATH_MAX], begun[PATH_MAX + 16], durable[PATH_MAX + 16];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (!is_kept(path)) return;
    snprintf(begun, sizeof begun, "%s.begun", path);
    snprintf(durable, sizeof durable, "%s.durable", path);
    int from = open(path, O_RDONLY), to = open(begun, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char buffer[1 << 16];
    ssize_t count;
    while ((count = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, count) != count) break;
    close(from);
    close(to);
    /* At once or not at all, as a sync either has ended or has not. */
    rename(begun, durable);
}

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int outcome = real(file);
    if (outcome == 0) keep(file);
    return outcome;
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int outcome = real(file);
    if (outcome == 0) keep(file);
    return outcome;
}
