// Holds the lock of this process's own memory for ever, as any user may: no other process can read its environment then.
//
// A FUSE file system in a user namespace of its own, with one file that is opened twice: cached the first time, directly
// the second. mmap(2) of the second has to write back first what was changed through the first, holds the lock
// meanwhile, and the file system never answers a write.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_ID = 2, SIZE = 4096 };
static int device, opens;

static void check(int good, const char *what) {
    if (!good) {
        perror(what);
        exit(1);
    }
}

static void write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY);
    check(file >= 0 && write(file, text, strlen(text)) > 0, path);
    close(file);
}

static void answer(const struct fuse_in_header *request, int error, const void *data, size_t size) {
    char buffer[2 * SIZE];
    struct fuse_out_header head = {.len = sizeof head + size, .error = -error, .unique = request->unique};
    memcpy(buffer, &head, sizeof head);
    if (size > 0) memcpy(buffer + sizeof head, data, size);
    check(write(device, buffer, head.len) == (ssize_t) head.len, "answer");
}

static struct fuse_attr attributes(uint64_t id) {
    struct fuse_attr known = {.ino = id, .nlink = 1, .blksize = SIZE, .uid = getuid(), .gid = getgid()};
    known.mode = id == FILE_ID ? S_IFREG | 0600 : S_IFDIR | 0700;
    known.size = id == FILE_ID ? SIZE : 0;
    return known;
}

static void serve(void) {
    static char buffer[1 << 20], zeros[SIZE];
    const struct fuse_in_header *request = (void *) buffer;
    while (read(device, buffer, sizeof buffer) > 0 || errno == EINTR) {
        struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = SIZE};
        struct fuse_entry_out entry = {.nodeid = FILE_ID, .attr_valid = 1000, .entry_valid = 1000, .attr = attributes(FILE_ID)};
        struct fuse_attr_out known = {.attr_valid = 1000, .attr = attributes(request->nodeid)};
        struct fuse_open_out opened = {.open_flags = opens > 0 ? FOPEN_DIRECT_IO | FOPEN_KEEP_CACHE : 0};
        switch (request->opcode) {
        case FUSE_INIT: answer(request, 0, &init, sizeof init); break;
        case FUSE_LOOKUP: answer(request, 0, &entry, sizeof entry); break;
        case FUSE_GETATTR: answer(request, 0, &known, sizeof known); break;
        case FUSE_OPEN: opens++; answer(request, 0, &opened, sizeof opened); break;
        case FUSE_READ: answer(request, 0, zeros, SIZE); break;
        case FUSE_WRITE: case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break;
        default: answer(request, ENOSYS, NULL, 0);
        }
    }
}

int main(void) {
    char text[100], folder[] = "/tmp/hold-XXXXXX", path[50];
    unsigned user = getuid(), group = getgid();
    check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
    write_file("/proc/self/setgroups", "deny");
    snprintf(text, sizeof text, "%u %u 1", user, user);
    write_file("/proc/self/uid_map", text);
    snprintf(text, sizeof text, "%u %u 1", group, group);
    write_file("/proc/self/gid_map", text);
    prctl(PR_SET_DUMPABLE, 1); // so that its environment is the user's to read, as it was before
    device = open("/dev/fuse", O_RDWR);
    check(device >= 0, "/dev/fuse");
    check(mkdtemp(folder) != NULL, folder);
    snprintf(text, sizeof text, "fd=%d,rootmode=40000,user_id=%u,group_id=%u", device, user, group);
    check(mount("hold", folder, "fuse", 0, text) == 0, "mount");
    if (fork() == 0) {
        serve();
        exit(0);
    }
    close(device);
    snprintf(path, sizeof path, "%s/file", folder);
    int cached = open(path, O_RDWR), direct;
    check(cached >= 0, path);
    char *shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, cached, 0);
    check(shared != MAP_FAILED, "mmap");
    shared[0] = 1;
    direct = open(path, O_RDONLY);
    check(direct >= 0, path);
    puts("holds");
    fflush(stdout);
    mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, direct, 0);
    puts("does not hold");
    return 1;
}
