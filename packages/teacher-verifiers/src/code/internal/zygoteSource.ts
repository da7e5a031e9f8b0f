/** A Python that makes sandboxed Pythons by forking itself into new namespaces. */
import { pythonRunner } from "./pythonRunner.ts"

/**
 * Runs as the first process of a bubblewrap sandbox in which it has all capabilities (over its own
 * namespaces, none over the host's). Reads lines from file descriptor 3: `s <id>` starts a process,
 * `k <id>` kills it with all that it has started.
 *
 * A process gets user, process, mount, network, IPC, UTS and control group namespaces of its own; a new
 * `/tmp`, with `/proc` and the folder of the socket covered up; no capabilities; the system-call filter. It
 * connects to the socket four times (channel, stdout, stderr, exit code), each time saying who it is, before
 * it covers the folder. It has no copy of the zygote's own descriptor. Then it is a runner like any other.
 */
export const pythonZygote = String.raw`${pythonRunner}
def zygote():
    import _signal, _socket, ctypes, platform, posix, sys
    # what programs import most: it is there when they are forked
    import bisect, collections, functools, heapq, itertools, math, operator, random, re, string, typing
    import resource
    import gc

    limits = tuple(map(int, sys.argv[1:8]))
    scratch, filter_text = sys.argv[8], sys.argv[9]
    del sys.argv[1:]
    libc = ctypes.PyDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    machine = platform.machine()
    CLONE, CAPSET = {"x86_64": (56, 126), "aarch64": (220, 91)}[machine]
    # new user, pid, mount, network, ipc, uts and cgroup namespaces, and SIGCHLD
    flags = 0x10000000 | 0x20000000 | 0x00020000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000 | 17

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    instructions = bytes.fromhex(filter_text)
    filter = Program(len(instructions) // 8, instructions)
    capability_header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    no_capabilities = (ctypes.c_uint32 * 6)()
    uid, gid = posix.getuid(), posix.getgid()

    def must(result, what):
        if result != 0:
            raise OSError(ctypes.get_errno(), what)

    def put(path, text):
        fd = posix.open(path, posix.O_WRONLY)
        posix.write(fd, text.encode())
        posix.close(fd)

    def connect(name, kind, target):
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.connect("/run/sml/socket")
        connection.sendall((kind + name + "\n").encode())
        fd = connection.detach()
        if fd != target:
            posix.dup2(fd, target)
            posix.close(fd)

    def report(code):
        posix.write(4, bytes([code]))

    def begin(name):
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        # 3 was the zygote's own
        posix.closerange(3, 64)
        connect(name, "c", 3)
        connect(name, "x", 4)
        connect(name, "o", 1)
        connect(name, "e", 2)
        put("/proc/self/setgroups", "deny")
        put("/proc/self/uid_map", "%d %d 1" % (uid, uid))
        put("/proc/self/gid_map", "%d %d 1" % (gid, gid))
        # nosuid, nodev; the covers are read-only too
        must(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 6, b"mode=0700,size=" + scratch.encode()), "mount /tmp")
        must(libc.mount(b"tmpfs", b"/proc", b"tmpfs", 15, b"size=4096"), "mount /proc")
        must(libc.mount(b"tmpfs", b"/run", b"tmpfs", 15, b"size=4096"), "mount /run")
        posix.chdir("/tmp")
        must(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
        for each in range(64):
            if libc.prctl(24, each, 0, 0, 0) != 0:
                break
        must(libc.prctl(47, 4, 0, 0, 0), "ambient capabilities")
        must(libc.syscall(CAPSET, ctypes.byref(capability_header), ctypes.byref(no_capabilities)), "capabilities")
        must(libc.prctl(22, 2, ctypes.byref(filter), 0, 0), "filter")
        serve(limits, report)

    def start(name):
        pid = libc.syscall(CLONE, flags, 0, 0, 0, 0)
        if pid < 0:
            raise OSError(ctypes.get_errno(), "clone")
        if pid == 0:
            try:
                begin(name)
            except BaseException as error:
                try:
                    posix.write(2, ("zygote: " + repr(error)).encode())
                finally:
                    posix._exit(1)
            posix._exit(1)
        return pid

    # who has ended leaves no zombie
    _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    started = {}
    buffered = b""
    while True:
        data = posix.read(3, 65536)
        if not data:
            posix._exit(0)
        *lines, buffered = (buffered + data).split(b"\n")
        for line in lines:
            order, name = line.decode().split(" ")
            if order == "s":
                started[name] = start(name)
            elif order == "k" and name in started:
                try:
                    posix.kill(started[name], 9)
                except ProcessLookupError:
                    pass
            elif order == "d":
                started.pop(name, None)

zygote()
`
