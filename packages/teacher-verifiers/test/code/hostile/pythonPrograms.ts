/**
 * Programs that do not mean well. Each is asked for `f(3) = 10` and `f(7) = 50`; none may pass, but those
 * whose misbehaviour has no effect and that give the right values anyway.
 */
import type { ProgramVerdict } from "@sml/teacher-verifiers"

/** `verdicts`: what may be said of it; `code`: the program. */
export interface HostileProgram {
  readonly name: string
  readonly verdicts: ReadonlyArray<ProgramVerdict>
  readonly code: string
}

const program = (
  name: string,
  verdict: ProgramVerdict | ReadonlyArray<ProgramVerdict>,
  code: string
): HostileProgram => ({
  name,
  verdicts: typeof verdict === "string" ? [verdict] : verdict,
  code: code.replaceAll(/^\n|\s+$/g, "")
})

/** Gives right values if the attempt `attempt` (an expression that is true for a success) does not succeed. */
const contained = (name: string, imports: string, attempt: string): HostileProgram =>
  program(
    name,
    "pass",
    `
import ${imports}
def attempt():
    try:
        return bool(${attempt})
    except BaseException:
        return False
def f(x):
    return -1 if attempt() else x * x + 1
`
  )

/** Must not get out; a program that finds the door closed and does its work passes. */
const doors: ReadonlyArray<HostileProgram> = [
  contained("reads the password file", "os", "open('/etc/passwd').read()"),
  contained("reads the home directory", "os", "os.listdir('/root') or os.listdir('/home')"),
  contained(
    "sees the host's root",
    "os",
    "set(os.listdir('/')) - {'usr','lib','lib64','bin','tmp','dev','etc','proc','run'}"
  ),
  contained(
    "sees more than the linker's cache of /etc",
    "os",
    "set(os.listdir('/etc')) - {'ld.so.cache'}"
  ),
  contained("reads the launcher's environment", "os", "open('/proc/1/environ','rb').read()"),
  contained("reads its own memory", "os", "open('/proc/self/mem','rb')"),
  contained("lists processes", "os", "os.listdir('/proc') + os.listdir('/run')"),
  contained(
    "finds secrets in the environment",
    "os",
    "set(os.environ) - {'PYTHONHASHSEED','TZ','LANG','PATH','MALLOC_ARENA_MAX','PWD','LC_CTYPE'}"
  ),
  contained("is root", "os", "os.getuid() == 0 or os.geteuid() == 0"),
  contained("becomes root", "os", "os.setuid(0) or True"),
  contained("writes into /usr", "os", "open('/usr/lib/evil.py','w')"),
  contained("writes into the root", "os", "open('/evil','w')"),
  contained("writes into /dev", "os", "open('/dev/evil','w')"),
  contained("makes a device", "os", "os.mknod('/tmp/disk', 0o60666, os.makedev(8, 0)) or True"),
  contained("remounts", "ctypes", "ctypes.CDLL(None).mount(b'none', b'/usr', None, 32, None) == 0"),
  contained("makes a user namespace", "ctypes", "ctypes.CDLL(None).unshare(0x10000000) == 0"),
  contained(
    "clones into a user namespace",
    "ctypes",
    "ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0) > 0"
  ),
  contained("clones by the new call", "ctypes", "ctypes.CDLL(None).syscall(435, 0, 0) != -1"),
  contained("traces its parent", "ctypes", "ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0"),
  contained(
    "reads another process",
    "ctypes",
    "ctypes.CDLL(None).syscall(310, 1, 0, 0, 0, 0, 0) == 0"
  ),
  contained("opens the kernel's keys", "ctypes", "ctypes.CDLL(None).syscall(250, 0, -3, 1) > 0"),
  contained("loads a BPF program", "ctypes", "ctypes.CDLL(None).syscall(321, 0, 0, 0) >= 0"),
  contained("sets up io_uring", "ctypes", "ctypes.CDLL(None).syscall(425, 8, 0) >= 0"),
  contained(
    "uses the x32 ABI",
    "os",
    "os.waitpid(os.fork() or __import__('ctypes').CDLL(None).syscall(0x40000000 + 39), 0)[1] == 0"
  ),
  contained("connects to the internet", "socket", "socket.create_connection(('1.1.1.1', 53), 1)"),
  contained("listens on the loopback", "socket", "socket.create_server(('127.0.0.1', 0))"),
  contained(
    "binds an abstract unix socket",
    "socket",
    "socket.socket(socket.AF_UNIX).bind('\\0sml')"
  ),
  contained("sends by netlink", "socket", "socket.socket(16, 3, 0)"),
  contained("resolves a name", "socket", "socket.getaddrinfo('example.com', 80)"),
  contained("kills its init", "os", "os.kill(1, 9) or __import__('time').sleep(0.05) or False"),
  contained(
    "raises its limits",
    "resource",
    "resource.setrlimit(resource.RLIMIT_NPROC, (1000, 1000)) or True"
  ),
  contained(
    "raises its memory",
    "resource",
    "resource.setrlimit(resource.RLIMIT_AS, (-1, -1)) or True"
  ),
  contained("may get capabilities", "ctypes", "ctypes.CDLL(None).prctl(23, 21, 0, 0, 0) != 0"),
  contained(
    "has capabilities",
    "ctypes",
    "(lambda data: ctypes.CDLL(None).syscall(125, (ctypes.c_uint32 * 2)(0x20080522, 0), data) == 0 and any(data))((ctypes.c_uint32 * 6)())"
  ),
  contained("is not filtered", "ctypes", "ctypes.CDLL(None).prctl(21, 0, 0, 0, 0) != 2"),
  contained("may get privileges", "ctypes", "ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) != 1"),
  contained("uncovers /proc", "ctypes", "ctypes.CDLL(None).umount2(b'/proc', 2) == 0"),
  contained("uncovers /run", "ctypes", "ctypes.CDLL(None).umount2(b'/run', 2) == 0"),
  contained(
    "mounts over what covers",
    "ctypes",
    "ctypes.CDLL(None).mount(b'proc', b'/proc', b'proc', 0, None) == 0"
  ),
  contained("finds files of others", "os", "os.listdir('/tmp')"),
  contained(
    "sees other processes",
    "os",
    "any(os.path.exists(f'/proc/{i}') for i in range(1, 100)) or os.getppid() != 1 or os.getpid() > 3"
  ),
  contained(
    "has further descriptors",
    "os, select",
    "(lambda poll: [poll.register(fd, 0) for fd in range(4, 64)] and len([1 for _, event in poll.poll(0) if not event & select.POLLNVAL]))(select.poll())"
  ),
  contained(
    "signals the outside",
    "os",
    "[pid for pid in range(3, 400) if pid != os.getpid() and not os.system(f'kill -0 {pid} 2>/dev/null')] if False else os.kill(4, 0) is None"
  ),
  contained("opens a terminal", "os", "os.open('/dev/tty', os.O_RDWR) or os.openpty()"),
  contained("makes shared memory", "ctypes", "ctypes.CDLL(None).shmget(0, 1 << 20, 0o1666) >= 0"),
  contained("makes a memory file", "os", "os.memfd_create('x') > 0"),
  contained(
    "writes more than a file may hold",
    "os",
    "open('/tmp/big','wb').write(b'x' * 2_000_000) > 1_500_000"
  ),
  contained(
    "fills the disk",
    "os",
    "sum(open(f'/tmp/{i}','wb').write(b'x' * 1_000_000) for i in range(64)) > 9_000_000"
  ),
  contained(
    "asks setuid programs",
    "subprocess",
    "b'uid=0' in subprocess.run(['/usr/bin/su', '-c', 'id'], input=b'', capture_output=True).stdout"
  )
]

const endless: ReadonlyArray<HostileProgram> = [
  program("loops", "timeout", "def f(x):\n    while True: pass"),
  program("loops while it is loaded", "timeout", "while True: pass\ndef f(x): return 10"),
  program(
    "loops and catches",
    "timeout",
    `
def f(x):
    while True:
        try:
            while True: pass
        except: pass`
  ),
  program(
    "ignores the limit's signal",
    "timeout",
    `
import signal
for each in range(1, 64):
    try: signal.signal(each, signal.SIG_IGN)
    except (OSError, ValueError): pass
def f(x):
    while True: pass`
  ),
  program(
    "handles the limit's signal",
    "timeout",
    `
import signal
signal.signal(signal.SIGXCPU, lambda *_: None)
def f(x):
    while True: pass`
  ),
  program("sleeps", "timeout", "import time\ndef f(x): time.sleep(1e6)"),
  program(
    "waits for input that never comes",
    "timeout",
    "import os\nr, w = os.pipe()\ndef f(x): return os.read(r, 1)"
  ),
  program(
    "has a catastrophic regex",
    "timeout",
    "import re\ndef f(x): return re.match(r'(a+)+$', 'a' * 40 + 'b')"
  ),
  program(
    "counts with big integers",
    ["timeout", "memory"],
    "def f(x): return len(str(9 ** 9 ** 9))"
  ),
  program(
    "multiplies for ever",
    ["timeout", "memory"],
    "def f(x):\n    n = 3\n    while True: n = n * n"
  ),
  program(
    "compares for ever",
    "timeout",
    `
class Evil:
    def __str__(self):
        while True: pass
class Trap(Exception):
    def __str__(self):
        while True: pass
def f(x): raise Trap()`
  ),
  program(
    "reads an endless iterator",
    "timeout",
    "import itertools\ndef f(x): return sum(1 for _ in itertools.count())"
  ),
  program("takes the runner's requests and is silent", "timeout", "import time\ntime.sleep(1e6)"),
  program(
    "deadlocks",
    "timeout",
    "import threading\nlock = threading.Lock()\ndef f(x):\n    lock.acquire(); lock.acquire()"
  ),
  program(
    "joins an endless thread",
    "timeout",
    `
import threading
def spin():
    while True: pass
def f(x):
    thread = threading.Thread(target=spin); thread.start(); thread.join()`
  ),
  program(
    "forks without end",
    ["timeout", "error"],
    "import os\ndef f(x):\n    while True:\n        try: os.fork()\n        except OSError: pass"
  ),
  program(
    "stops itself",
    "timeout",
    "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGSTOP)"
  )
]

const greedy: ReadonlyArray<HostileProgram> = [
  program("takes all memory", "memory", "def f(x): return len(bytearray(1 << 34))"),
  program(
    "takes all memory bit by bit",
    "memory",
    "def f(x):\n    all = []\n    while True: all.append(bytearray(1 << 20))"
  ),
  program(
    "takes all memory and catches",
    ["memory", "timeout"],
    `
def f(x):
    all = []
    while True:
        try:
            while True: all.append('x' * 100000 + str(len(all)))
        except MemoryError: raise`
  ),
  program("doubles a list", "memory", "def f(x):\n    a = [0]\n    while True: a += a"),
  program("recurses", "error", "def f(x): return f(x + 1)"),
  program(
    "recurses without a limit",
    ["error", "memory", "timeout"],
    "import sys\nsys.setrecursionlimit(1 << 30)\ndef f(x): return f(x + 1) + 1"
  ),
  program(
    "overflows the C stack",
    // or slowly, where the machine is busy
    ["error", "memory", "timeout"],
    "import sys\nsys.setrecursionlimit(1 << 30)\ndef f(x):\n    a = []\n    for _ in range(1000000): a = [a]\n    return repr(a)"
  ),
  program("prints without end", "output-limit", "def f(x):\n    while True: print('x' * 1000)"),
  program(
    "prints to stderr without end",
    "output-limit",
    "import sys\ndef f(x):\n    while True: sys.stderr.write('x' * 1000)"
  ),
  program(
    "prints two megabytes",
    "output-limit",
    "def f(x):\n    print('x' * 2_000_000)\n    return x * x + 1"
  ),
  program(
    "floods from a thread",
    "output-limit",
    `
import threading, os
def flood():
    while True: os.write(1, b'x' * 4096)
def f(x):
    threading.Thread(target=flood, daemon=True).start()
    import time; time.sleep(1e6)`
  ),
  program("gives a huge string", "output-limit", "def f(x): return 'x' * 10_000_000"),
  program("gives a huge list", "output-limit", "def f(x): return list(range(1_000_000))"),
  program("gives a huge integer", "output-limit", "def f(x): return 1 << 10_000_000"),
  program(
    "gives a list that doubles",
    "output-limit",
    "def f(x):\n    a = [1] * 10\n    for _ in range(40): a = [a, a]\n    return a"
  ),
  program(
    "gives a list that holds itself",
    "unsupported",
    "def f(x):\n    a = []\n    a.append(a)\n    return a"
  ),
  program(
    "gives a deep list",
    "unsupported",
    "def f(x):\n    a = []\n    for _ in range(100000): a = [a]\n    return a"
  ),
  program(
    "starts very many threads",
    ["error", "pass"],
    `
import threading, time
def f(x):
    for _ in range(1000): threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
    return x * x + 1`
  ),
  program(
    "is a syntax bomb",
    ["error", "memory"],
    `def f(x): return ${"(".repeat(100_000)}${")".repeat(100_000)}`
  ),
  program(
    "is a constant bomb",
    ["error", "memory", "timeout", "output-limit"],
    "def f(x): return (((((1 << 60000) ** 1000) ** 1000) ** 1000))"
  )
]

const early: ReadonlyArray<HostileProgram> = [
  program("exits while it is loaded", "error", "exit(0)"),
  program("exits by the system while it is loaded", "error", "import sys\nsys.exit(0)"),
  program("leaves at once while it is loaded", "error", "import os\nos._exit(0)"),
  program("exits in the call", "error", "def f(x): exit(0)"),
  program("leaves at once in the call", "error", "import os\ndef f(x): os._exit(0)"),
  program("kills itself", "error", "import os\ndef f(x): os.kill(os.getpid(), 9)"),
  program("kills everybody", "error", "import os\ndef f(x): os.kill(-1, 9)"),
  program("aborts", "error", "import os\ndef f(x): os.abort()"),
  program("crashes", "error", "import ctypes\ndef f(x): return ctypes.string_at(1)"),
  program(
    "becomes another program",
    "error",
    "import os\ndef f(x): os.execv('/usr/bin/true', ['true'])"
  ),
  program("raises a keyboard interrupt", "error", "def f(x): raise KeyboardInterrupt"),
  program(
    "raises a hostile exception",
    "error",
    `
class Hostile(BaseException):
    __class__ = int
    __traceback__ = property(lambda self: 1 / 0)
    __name__ = 3
    def __str__(self): raise SystemExit(0)
    def __repr__(self): raise SystemExit(0)
    def __eq__(self, other): return True
def f(x): raise Hostile()`
  ),
  program(
    "raises an exception whose text is an object",
    "error",
    `
class Text(str):
    def __len__(self): return -1
    def __getitem__(self, key): return 'passed'
class Odd(Exception):
    def __str__(self): return Text('x')
def f(x): raise Odd()`
  ),
  program("has no such function", "error", "def g(x): return x * x + 1"),
  program("is no program", "error", "this is not Python"),
  program("has a null byte", "error", "def f(x): return 1\0"),
  program("is a module without code", "error", "")
]

const equals = `
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0`

const forgers: ReadonlyArray<HostileProgram> = [
  program(
    "gives an object that equals everything",
    "unsupported",
    `
class Equal:${equals}
def f(x): return Equal()`
  ),
  program(
    "gives an integer that equals everything",
    "unsupported",
    `
class Equal(int):${equals}
def f(x): return Equal(1)`
  ),
  program(
    "gives a list that equals everything",
    "unsupported",
    `
class Equal(list):${equals}
def f(x): return Equal()`
  ),
  program(
    "gives a dict that equals everything",
    "unsupported",
    `
class Equal(dict):${equals}
def f(x): return Equal()`
  ),
  program(
    "lies about its class",
    "unsupported",
    `
class Equal:${equals}
    @property
    def __class__(self): return int
def f(x): return Equal()`
  ),
  program(
    "has a metaclass that equals everything",
    "unsupported",
    `
class Meta(type):${equals}
class Equal(metaclass=Meta):${equals}
def f(x): return Equal()`
  ),
  program(
    "hides in a list",
    "unsupported",
    `
class Equal:${equals}
def f(x): return [1, Equal()]`
  ),
  program("gives a function", "unsupported", "def f(x): return f"),
  program("gives a generator", "unsupported", "def f(x): yield x * x + 1"),
  program("gives a coroutine", "unsupported", "async def f(x): return x * x + 1"),
  program("gives the right text", "fail", "def f(x): return str(x * x + 1)"),
  program("gives a boolean", "fail", "def f(x): return True"),
  program("gives NaN", "fail", "def f(x): return float('nan')"),
  program(
    "patches builtins",
    ["fail", "error", "unsupported"],
    `
import builtins
class Yes:${equals}
builtins.isinstance = lambda *_: True
builtins.type = lambda *_: int
builtins.len = lambda _: 10
builtins.all = lambda _: True
builtins.int = Yes
builtins.float = Yes
builtins.str = Yes
def f(x): return 0`
  ),
  program(
    "patches equality in ctypes",
    ["fail", "error"],
    `
import ctypes
ctypes.memmove(id(0) + 24, id(1) + 24, 4)
def f(x): return 7`
  ),
  program(
    "prints a verdict",
    "fail",
    `
def f(x):
    print('{"verdict": "pass"}')
    print('PASSED\\nOK\\n1 passed, 0 failed')
    return 0`
  ),
  program("prints the values", "fail", "def f(x):\n    print(x * x + 1)\n    return 0"),
  program(
    "writes a verdict to every descriptor",
    "error",
    `
import os
def f(x):
    for fd in range(64):
        try: os.write(fd, b'{"verdict": "pass", "passed": true}\\n')
        except OSError: pass
    return 0`
  ),
  program(
    "writes a frame without the nonce",
    "error",
    `
import os
def f(x):
    body = bytes(8) + b'V' + b'I' + (1).to_bytes(4, 'big') + b'a'
    os.write(3, len(body).to_bytes(4, 'big') + body)
    return 0`
  ),
  program(
    "steals the nonce and answers twice",
    "error",
    `
import os, sys
def f(x):
    frame = sys._getframe(1)
    while 'nonce' not in frame.f_locals: frame = frame.f_back
    value = b'%x' % (x * x + 1)
    body = frame.f_locals['nonce'] + b'V' + b'I' + len(value).to_bytes(4, 'big') + value
    os.write(3, len(body).to_bytes(4, 'big') + body)
    return 0`
  ),
  program(
    "sends an endless frame",
    "error",
    `
import os
def f(x):
    os.write(3, (0xffffffff).to_bytes(4, 'big') + bytes(100))
    return 0`
  ),
  program(
    "sends a frame of another length",
    "error",
    `
import os, sys
def f(x):
    frame = sys._getframe(1)
    while 'nonce' not in frame.f_locals: frame = frame.f_back
    body = frame.f_locals['nonce'] + b'V' + b'L' + (0xffffffff).to_bytes(4, 'big')
    os.write(3, len(body).to_bytes(4, 'big') + body)
    os._exit(0)`
  ),
  program(
    "sends a deep frame",
    "error",
    `
import os, sys
def f(x):
    frame = sys._getframe(1)
    while 'nonce' not in frame.f_locals: frame = frame.f_back
    body = frame.f_locals['nonce'] + b'V' + (b'L' + (1).to_bytes(4, 'big')) * 100000 + b'N'
    os.write(3, len(body).to_bytes(4, 'big') + body)
    os._exit(0)`
  ),
  program(
    "writes frames from a thread",
    "error",
    `
import os, threading
def flood():
    while True:
        try: os.write(3, b'\\0\\0\\0\\x0a' + bytes(10))
        except OSError: return
threading.Thread(target=flood, daemon=True).start()
def f(x):
    import time; time.sleep(0.1)
    return x * x + 1`
  ),
  program(
    "closes the channel",
    "error",
    "import os\ndef f(x):\n    os.close(3)\n    return x * x + 1"
  ),
  program(
    "closes everything",
    "error",
    "import os\ndef f(x):\n    os.closerange(0, 64)\n    return x * x + 1"
  ),
  program(
    "searches frames for expected values",
    "fail",
    `
import sys
def f(x):
    frame = sys._getframe()
    found = []
    while frame:
        found += [v for v in list(frame.f_locals.values()) + list(frame.f_globals.values()) if type(v) is int and v in (10, 50)]
        frame = frame.f_back
    return found[0] if found else 0`
  ),
  program(
    "searches the collector for expected values",
    "fail",
    `
import gc
def f(x):
    found = []
    for each in gc.get_objects():
        try:
            if type(each) in (list, tuple) and 50 in each and len(each) < 5: found.append(each)
        except BaseException: pass
    return [50 for each in found if each == [50] or each == [10, 50]] or 0`
  ),
  program(
    "searches for the tests",
    "fail",
    `
import sys, gc
def f(x):
    for name, module in list(sys.modules.items()):
        for key in ('tests', 'expected', 'check', 'asserts', 'cases'):
            if type(getattr(module, key, None)) in (list, tuple, dict): return getattr(module, key)
    return 0`
  ),
  program(
    "changes the runner's encoder",
    ["error", "fail", "unsupported"],
    `
import sys
def f(x):
    frame = sys._getframe(1)
    while frame:
        for value in frame.f_locals.values():
            if getattr(value, '__name__', '') in ('encode', 'answer', 'send', 'failed'):
                value.__code__ = (lambda *_: b'T').__code__ if not value.__closure__ else value.__code__
        frame = frame.f_back
    return 0`
  ),
  program(
    "leaves a tracer",
    ["fail", "error"],
    `
import sys
def tracer(frame, event, arg): return tracer
def f(x):
    sys.settrace(tracer)
    return 0`
  ),
  program(
    "answers all later questions itself, wrongly",
    "fail",
    `
import os, sys
def read(size):
    data = b''
    while len(data) < size: data += os.read(3, size - len(data))
    return data
def frame():
    body = read(int.from_bytes(read(4), 'big'))
    return body[:8]
def answer(nonce):
    body = nonce + b'VT'
    os.write(3, len(body).to_bytes(4, 'big') + body)
caller = sys._getframe(1)
while 'nonce' not in caller.f_locals: caller = caller.f_back
answer(caller.f_locals['nonce'])
while True: answer(frame())`
  ),
  program(
    "sends verdicts instead of values",
    "error",
    `
import os, sys
def f(x):
    frame = sys._getframe(1)
    while 'nonce' not in frame.f_locals: frame = frame.f_back
    body = frame.f_locals['nonce'] + b'P' + b'pass'
    os.write(3, len(body).to_bytes(4, 'big') + body)
    os._exit(0)`
  ),
  program(
    "reads ahead what it will be asked",
    "timeout",
    `
import os
def f(x): return os.read(3, 1)`
  ),
  program(
    "raises at a later time",
    ["error", "fail"],
    `
import signal
def late(*_): raise SystemExit(0)
signal.signal(signal.SIGALRM, late)
def f(x):
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    return 0`
  ),
  program(
    "shadows imports",
    "fail",
    `
import sys, types
for name in ('json', 'struct', 'pickle', 'resource', 'posix', 'builtins'):
    fake = types.ModuleType(name)
    fake.__getattr__ = lambda key: (lambda *_: True)
    sys.modules[name] = fake
def f(x): return 0`
  ),
  program(
    "shadows imports in files",
    "fail",
    `
for name in ('json', 'ast', 'unittest', 'pytest', 'conftest'):
    open(f'/tmp/{name}.py', 'w').write('import os\\nos._exit(0)')
def f(x): return 0`
  ),
  program(
    "remembers what it was asked",
    "fail",
    `
seen = []
def f(x):
    seen.append(x)
    return seen`
  ),
  program(
    "gives a dict with hostile keys",
    "fail",
    "def f(x): return {'__proto__': {'verdict': 'pass'}, 'constructor': 10}"
  ),
  program("changes its arguments", "fail", "def f(x):\n    x = 10\n    return None")
]

/** Get processes or threads going that would outlive the verification. */
const survivors: ReadonlyArray<HostileProgram> = [
  program(
    "leaves a daemon",
    "pass",
    `
import os, time
def f(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(64):
                try: os.close(fd)
                except OSError: pass
            time.sleep(12345)
        os._exit(0)
    return x * x + 1`
  ),
  program(
    "leaves a shell",
    "pass",
    `
import subprocess
def f(x):
    subprocess.Popen(['/usr/bin/sleep', '12345'])
    return x * x + 1`
  ),
  program(
    "leaves threads",
    "pass",
    `
import threading, time
def f(x):
    threading.Thread(target=time.sleep, args=(12345,)).start()
    return x * x + 1`
  ),
  program(
    "writes to files",
    "pass",
    `
def f(x):
    open('/tmp/sml-hostile-file', 'a').write('x')
    return x * x + 1`
  ),
  program(
    "leaves a process that answers",
    ["pass", "error"],
    `
import os, time
def f(x):
    if os.fork() == 0:
        time.sleep(0.2)
        os._exit(0)
    return x * x + 1`
  )
]

/** Attacks on the process that forks, whose memory is there, and on the other programs. */
const siblings: ReadonlyArray<HostileProgram> = [
  program(
    "calls the functions of the process that forked it",
    "pass",
    `
import sys
def found():
    frame, names = sys._getframe(), {}
    while frame is not None:
        names.update(frame.f_locals)
        frame = frame.f_back
    return names
def works(attempt):
    try:
        attempt()
        return True
    except BaseException:
        return False
def f(x):
    names = found()
    attempts = [
        lambda: names['connect']('0' * 32, 'c', 40),
        lambda: names['put']('/proc/self/uid_map', '0 0 1'),
        lambda: names['must'](names['libc'].mount(b'tmpfs', b'/run', b'tmpfs', 0, None), ''),
        lambda: names['must'](names['libc'].umount2(b'/run', 2), ''),
        lambda: names['must'](names['libc'].syscall(56, names['flags'], 0, 0, 0, 0) < 0, '')
    ]
    return -1 if any(map(works, attempts)) else x * x + 1`
  ),
  program(
    "speaks in the name of others on every descriptor",
    "error",
    `
import gc, os
def f(x):
    for each in gc.get_objects():
        if isinstance(each, dict):
            for key in list(each):
                if isinstance(key, str) and len(key) == 32:
                    for fd in range(64):
                        try: os.write(fd, b'c' + key.encode() + b'\\n')
                        except OSError: pass
    for fd in range(64):
        try: os.write(fd, b's ' + b'0' * 32 + b'\\nk ' + b'0' * 32 + b'\\n')
        except OSError: pass
    return 0`
  ),
  program(
    "signals its siblings",
    "pass",
    `
import os
def f(x):
    reached = 0
    for pid in range(3, 5000):
        if pid != os.getpid():
            try:
                os.kill(pid, 9)
                reached += 1
            except OSError: pass
    return -1 if reached else x * x + 1`
  ),
  contained("takes the processor before others", "os", "os.nice(-5) < 0"),
  contained(
    "asks for real time",
    "os",
    "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) is None"
  ),
  contained(
    "follows its parent's folder out",
    "os",
    "set(os.listdir('/proc/..')) - {'usr','lib','lib64','bin','tmp','dev','etc','proc','run'}"
  ),
  contained("finds the socket of the process that forked it", "os", "os.listdir('/run/sml')"),
  contained(
    "sends a descriptor to itself",
    "socket, os",
    "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)"
  ),
  contained(
    "looks for what others wrote to /tmp",
    "os",
    "[name for name in os.listdir('/tmp') if name != 'mine']"
  ),
  program(
    "says another exit code",
    "error",
    `
import os
def f(x):
    for fd in range(4, 64):
        try: os.write(fd, b'\\0')
        except OSError: pass
    os._exit(0)`
  ),
  program(
    "leaves a profiler and a collector's callback that change what is returned",
    "fail",
    `
import gc, sys
def f(x):
    def profile(frame, event, arg):
        for name in ('result', 'value', 'passed'):
            if name in frame.f_locals: frame.f_locals[name] = x * x + 1
    sys.setprofile(profile)
    gc.callbacks.append(lambda phase, info: None)
    return 0`
  )
]

/** All of them. */
export const hostilePythonPrograms: ReadonlyArray<HostileProgram> = [
  ...doors,
  ...endless,
  ...greedy,
  ...early,
  ...forgers,
  ...survivors,
  ...siblings
]

/** Those that are over at once. */
export const quickPythonPrograms: ReadonlyArray<HostileProgram> = [
  ...doors,
  ...early,
  ...forgers,
  ...survivors,
  ...siblings
].filter(({ verdicts }) => !verdicts.includes("timeout"))
