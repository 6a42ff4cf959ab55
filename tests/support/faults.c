/* Makes the n-th call fail, once or from then on: of the file system, of Python's allocators, of NumPy's.

Loaded before all other libraries (LD_PRELOAD), asleep until `fault_arm`. A call of the file system counts if the file,
or the file behind the descriptor, stands below one of the named folders, or anywhere if none is named; pipes, sockets
and the standard streams never count. See tests/support/faults.py.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ASLEEP, FILES, PYTHON, NUMPY };

static int kind = ASLEEP;
static long first, last;          /* of the calls that fail, from 1 */
static int error_number;
static size_t least;              /* bytes of an allocation that counts */
static char folders[4096];        /* with a colon behind each */
static int told = -1;             /* where the first failure is told */
static atomic_long calls;
static atomic_int hit;
static char *numpy_begins, *numpy_ends; /* its machine code */

static void tell(const char *what, const char *which) {
    if (told >= 0 && !atomic_exchange(&hit, 1)) {
        syscall(SYS_write, told, what, strlen(what));
        syscall(SYS_write, told, " ", 1);
        syscall(SYS_write, told, which, strlen(which));
    }
}

static int fails(const char *what, const char *which) {
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (number < first || number > last)
        return 0;
    tell(what, which);
    return 1;
}

/* Files */

static int counts(const char *path) {
    if (!folders[0])
        return 1;
    for (const char *folder = folders; *folder; folder = strchr(folder, ':') + 1) {
        size_t length = strchr(folder, ':') - folder;
        if (!strncmp(path, folder, length))
            return 1;
    }
    return 0;
}

static int path_fails(const char *what, int folder, const char *path) {
    char whole[2 * PATH_MAX];
    if (kind != FILES || !path)
        return 0;
    if (path[0] != '/') {
        char link[64];
        ssize_t length;
        if (folder == AT_FDCWD)
            strcpy(link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        length = syscall(SYS_readlink, link, whole, PATH_MAX);
        if (length < 0)
            return 0;
        snprintf(whole + length, sizeof whole - length, "/%s", path);
        path = whole;
    }
    if (!strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/", 5) || !counts(path) || !fails(what, path))
        return 0;
    errno = error_number;
    return 1;
}

static int descriptor_fails(const char *what, int descriptor) {
    char link[64], path[PATH_MAX];
    ssize_t length;
    if (kind != FILES || descriptor <= 2 || descriptor == told)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = syscall(SYS_readlink, link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (path[0] != '/' || !strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/", 5) || !counts(path))
        return 0;
    if (!fails(what, path))
        return 0;
    errno = error_number;
    return 1;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);

#define BY_PATH(type, name, failure, parameters, path, arguments) \
    type name parameters { \
        REAL(name) \
        return path_fails(#name, AT_FDCWD, path) ? failure : real arguments; \
    }

#define BY_DESCRIPTOR(type, name, parameters, descriptor, arguments) \
    type name parameters { \
        REAL(name) \
        return descriptor_fails(#name, descriptor) ? -1 : real arguments; \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        mode_t mode = 0; \
        va_list more; \
        REAL(name) \
        va_start(more, flags); \
        if (flags & (O_CREAT | __O_TMPFILE)) \
            mode = va_arg(more, mode_t); \
        va_end(more); \
        return path_fails("open", AT_FDCWD, path) ? -1 : real(path, flags, mode); \
    }

#define OPEN_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        mode_t mode = 0; \
        va_list more; \
        REAL(name) \
        va_start(more, flags); \
        if (flags & (O_CREAT | __O_TMPFILE)) \
            mode = va_arg(more, mode_t); \
        va_end(more); \
        return path_fails("open", folder, path) ? -1 : real(folder, path, flags, mode); \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
BY_PATH(FILE *, fopen, NULL, (const char *path, const char *mode), path, (path, mode))
BY_PATH(FILE *, fopen64, NULL, (const char *path, const char *mode), path, (path, mode))
BY_PATH(DIR *, opendir, NULL, (const char *path), path, (path))
BY_PATH(int, stat, -1, (const char *path, struct stat *facts), path, (path, facts))
BY_PATH(int, lstat, -1, (const char *path, struct stat *facts), path, (path, facts))
BY_PATH(int, stat64, -1, (const char *path, struct stat64 *facts), path, (path, facts))
BY_PATH(int, lstat64, -1, (const char *path, struct stat64 *facts), path, (path, facts))
BY_PATH(int, access, -1, (const char *path, int mode), path, (path, mode))
BY_PATH(int, mkdir, -1, (const char *path, mode_t mode), path, (path, mode))
BY_PATH(int, rmdir, -1, (const char *path), path, (path))
BY_PATH(int, unlink, -1, (const char *path), path, (path))
BY_PATH(int, chmod, -1, (const char *path, mode_t mode), path, (path, mode))
BY_PATH(int, rename, -1, (const char *path, const char *to), to, (path, to))
BY_DESCRIPTOR(ssize_t, read, (int file, void *data, size_t size), file, (file, data, size))
BY_DESCRIPTOR(ssize_t, pread, (int file, void *data, size_t size, off_t at), file, (file, data, size, at))
BY_DESCRIPTOR(ssize_t, pread64, (int file, void *data, size_t size, off64_t at), file, (file, data, size, at))
BY_DESCRIPTOR(ssize_t, write, (int file, const void *data, size_t size), file, (file, data, size))
BY_DESCRIPTOR(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at), file, (file, data, size, at))
BY_DESCRIPTOR(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), file, (file, data, size, at))
BY_DESCRIPTOR(ssize_t, writev, (int file, const struct iovec *data, int n), file, (file, data, n))
BY_DESCRIPTOR(int, ftruncate, (int file, off_t size), file, (file, size))
BY_DESCRIPTOR(int, ftruncate64, (int file, off64_t size), file, (file, size))
BY_DESCRIPTOR(int, fchmod, (int file, mode_t mode), file, (file, mode))
BY_DESCRIPTOR(int, flock, (int file, int how), file, (file, how))
BY_DESCRIPTOR(int, fstat, (int file, struct stat *facts), file, (file, facts))
BY_DESCRIPTOR(int, fstat64, (int file, struct stat64 *facts), file, (file, facts))

/* Nobody cuts the power meanwhile: the disk is not waited for. */
int fsync(int file) { return descriptor_fails("fsync", file) ? -1 : 0; }

int fdatasync(int file) { return descriptor_fails("fdatasync", file) ? -1 : 0; }

int fstatat(int folder, const char *path, struct stat *facts, int flags) {
    REAL(fstatat)
    return path_fails("fstatat", folder, path) ? -1 : real(folder, path, facts, flags);
}

int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat)
    return path_fails("unlink", folder, path) ? -1 : real(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat)
    return path_fails("mkdir", folder, path) ? -1 : real(folder, path, mode);
}

int renameat(int from, const char *path, int folder, const char *to) {
    REAL(renameat)
    return path_fails("rename", folder, to) ? -1 : real(from, path, folder, to);
}

/* NumPy's allocations: those that its own machine code asks the C library for */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static int numpy_fails(const char *what, void *caller, size_t size) {
    if (kind != NUMPY || (char *)caller < numpy_begins || (char *)caller >= numpy_ends || size < least)
        return 0;
    if (!fails(what, "of NumPy"))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return numpy_fails("malloc", __builtin_return_address(0), size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return numpy_fails("calloc", __builtin_return_address(0), n * size) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    return numpy_fails("realloc", __builtin_return_address(0), size) ? NULL : __libc_realloc(old, size);
}

/* Python's allocators, of all three domains (PEP 445) */

typedef struct {
    void *context;
    void *(*malloc)(void *, size_t);
    void *(*calloc)(void *, size_t, size_t);
    void *(*realloc)(void *, void *, size_t);
    void (*free)(void *, void *);
} Allocator;

static Allocator before[3];
static const char *const DOMAINS[] = {"raw", "mem", "obj"};

static int python_fails(Allocator *allocator, size_t size) {
    return kind == PYTHON && size >= least && fails("allocation", DOMAINS[allocator - before]);
}

static void *python_malloc(void *own, size_t size) {
    Allocator *allocator = own;
    return python_fails(allocator, size) ? NULL : allocator->malloc(allocator->context, size);
}

static void *python_calloc(void *own, size_t n, size_t size) {
    Allocator *allocator = own;
    return python_fails(allocator, n * size) ? NULL : allocator->calloc(allocator->context, n, size);
}

static void *python_realloc(void *own, void *old, size_t size) {
    Allocator *allocator = own;
    return python_fails(allocator, size) ? NULL : allocator->realloc(allocator->context, old, size);
}

static void python_free(void *own, void *old) {
    Allocator *allocator = own;
    allocator->free(allocator->context, old);
}

static void hook_python(void) {
    void (*get)(int, Allocator *) = (void (*)(int, Allocator *))dlsym(RTLD_DEFAULT, "PyMem_GetAllocator");
    void (*set)(int, Allocator *) = (void (*)(int, Allocator *))dlsym(RTLD_DEFAULT, "PyMem_SetAllocator");
    for (int domain = 0; domain < 3; domain++) {
        Allocator hooked = {&before[domain], python_malloc, python_calloc, python_realloc, python_free};
        get(domain, &before[domain]);
        set(domain, &hooked);
    }
}

/* Called from Python */

/* places: of NumPy's machine code; names: folders, with a colon behind each; where: a descriptor. */
void fault_arm(int what, long from, long to, int number, size_t bytes, const char *names, int where, void *begins,
               void *ends) {
    first = from;
    last = to;
    error_number = number;
    least = bytes;
    snprintf(folders, sizeof folders, "%s", names);
    told = where;
    numpy_begins = begins;
    numpy_ends = ends;
    atomic_store(&calls, 0);
    if (what == PYTHON)
        hook_python();
    kind = what;
}

void fault_sleep(void) { kind = ASLEEP; }

long fault_calls(void) { return atomic_load(&calls); }
