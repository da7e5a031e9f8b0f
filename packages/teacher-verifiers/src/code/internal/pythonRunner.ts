/** What runs inside the Python sandbox, besides the student's program. */

/**
 * Reads frames from file descriptor 3 and answers each. A frame is four bytes of length, eight of nonce,
 * one of kind, and a value as `PythonFrame.ts` writes it. Needs Python 3.8. Whatever it needs from builtins is
 * bound before the student's code runs; but that code runs in the same interpreter and may change
 * anything here, so that all that leaves this process is taken for the student's word.
 */
export const pythonRunner = String.raw`
def serve(limits, report):
    import builtins, posix, resource, sys
    import _collections

    # the first process of a namespace does not hear most signals: it only waits for the second
    import _signal
    _signal.signal(2, _signal.SIG_DFL)
    second = posix.fork()
    if second:
        posix.closerange(0, 4)
        while True:
            ended, status = posix.wait()
            if ended == second:
                code = posix.WEXITSTATUS(status) if posix.WIFEXITED(status) else 128 + posix.WTERMSIG(status)
                report(code)
                posix._exit(code)
    _signal.signal(2, _signal.default_int_handler)
    # all but the standard three and the channel
    posix.closerange(4, 64)

    cpu, memory, file_size, files, processes, most, deepest = limits
    sys.path = [each for each in sys.path if each]
    sys.argv = ["program.py"]
    setrlimit = resource.setrlimit
    setrlimit(resource.RLIMIT_CORE, (0, 0))
    setrlimit(resource.RLIMIT_AS, (memory, memory))
    setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    setrlimit(resource.RLIMIT_NOFILE, (files, files))
    setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    FSIZE = resource.RLIMIT_FSIZE

    read, write, leave = posix.read, posix.write, posix._exit
    modules, standard = sys.modules, (sys.stdout, sys.stderr)
    int, str, bool, float, complex, bytes = builtins.int, builtins.str, builtins.bool, builtins.float, builtins.complex, builtins.bytes
    list, tuple, set, frozenset, dict, type = builtins.list, builtins.tuple, builtins.set, builtins.frozenset, builtins.dict, builtins.type
    len, range, isinstance, getattr, compile, exec = builtins.len, builtins.range, builtins.isinstance, builtins.getattr, builtins.compile, builtins.exec
    BaseException, Exception, SystemExit, SyntaxError, AssertionError = builtins.BaseException, builtins.Exception, builtins.SystemExit, builtins.SyntaxError, builtins.AssertionError
    Module = type(sys)
    from_bytes = int.from_bytes
    hexadecimal = int.__format__
    number_text = float.__repr__
    complex_text = complex.__repr__
    items = dict.items
    default_dict, ordered_dict = _collections.defaultdict, _collections.OrderedDict
    traceback_of = BaseException.__dict__["__traceback__"].__get__
    name_of = type.__dict__["__name__"].__get__

    class NotPlain(Exception):
        pass

    class Matched(NotPlain):
        """Common in programs that are to say yes or no; tests may ask whether it is there."""

    class TooLarge(Exception):
        pass

    class Stop(BaseException):
        pass

    def four(number):
        return number.to_bytes(4, "big")

    def encode(value):
        parts = []
        size = 0

        def put(part):
            nonlocal size
            size += len(part)
            if size > most:
                raise TooLarge
            parts.append(part)

        def data(tag, part):
            put(tag + four(len(part)))
            put(part)

        def walk(value, depth):
            kind = type(value)
            if value is None:
                put(b"N")
            elif value is True:
                put(b"T")
            elif value is False:
                put(b"F")
            elif kind is int:
                if value.bit_length() > 400000:
                    raise TooLarge
                data(b"I", hexadecimal(value, "x").encode())
            elif kind is float:
                data(b"D", number_text(value).encode())
            elif kind is complex:
                data(b"C", complex_text(value).encode())
            elif kind is str:
                if len(value) * 2 > most:
                    raise TooLarge
                data(b"S", value.encode("utf-16-le", "surrogatepass"))
            elif kind is bytes:
                data(b"B", value)
            elif depth == 0:
                raise NotPlain("a value that is nested too deeply, or holds itself")
            elif kind is list or kind is tuple or kind is set or kind is frozenset:
                put((b"L" if kind is list else b"U" if kind is tuple else b"E" if kind is set else b"Z") + four(len(value)))
                for item in value:
                    walk(item, depth - 1)
            elif kind is dict or kind is default_dict or kind is ordered_dict or (
                "collections" in modules and kind is modules["collections"].Counter
            ):
                put(b"M" + four(len(value)))
                for key, item in items(value):
                    walk(key, depth - 1)
                    walk(item, depth - 1)
            elif depth == deepest and "re" in modules and kind is modules["re"].Match:
                raise Matched("a match object")
            else:
                name = name_of(kind)
                raise NotPlain("a value of type " + (name if type(name) is str else "?")[:100])

        walk(value, deepest)
        return b"".join(parts)

    def decode(data):
        at = 0

        def count():
            nonlocal at
            at += 4
            return from_bytes(data[at - 4:at], "big")

        def text():
            nonlocal at
            size = count()
            at += size
            return data[at - size:at]

        def walk():
            nonlocal at
            tag = data[at:at + 1]
            at += 1
            if tag == b"N":
                return None
            if tag == b"T":
                return True
            if tag == b"F":
                return False
            if tag == b"I":
                return int(text(), 16)
            if tag == b"D":
                return float(text())
            if tag == b"C":
                return complex(text().decode())
            if tag == b"S":
                return text().decode("utf-16-le", "surrogatepass")
            if tag == b"B":
                return text()
            if tag == b"M":
                return {walk(): walk() for _ in range(count())}
            values = [walk() for _ in range(count())]
            return values if tag == b"L" else tuple(values) if tag == b"U" else set(values) if tag == b"E" else frozenset(values)

        return walk()

    def receive_exactly(size):
        data = b""
        while len(data) < size:
            more = read(3, size - len(data))
            if not more:
                leave(0)
            data += more
        return data

    def receive():
        body = receive_exactly(from_bytes(receive_exactly(4), "big"))
        return body[:8], body[8:9], body[9:]

    def send(nonce, kind, payload):
        body = nonce + kind + payload
        data = four(len(body)) + body
        while data:
            data = data[write(3, data):]

    def flush():
        for each in standard:
            try:
                each.flush()
            except BaseException:
                pass

    def line_of(error, lead, filename):
        line = None
        trace = traceback_of(error)
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        if type(error) is SyntaxError or SyntaxError in type(error).__mro__:
            if error.filename == filename:
                line = error.lineno
        return line - lead if type(line) is int and line > lead else None

    def described(error, lead, filename="<program>"):
        name = name_of(type(error))
        try:
            message = str(error)
        except BaseException:
            message = ""
        try:
            line = line_of(error, lead, filename)
        except BaseException:
            line = None
        return [
            name[:100] if type(name) is str else "?",
            message[:1000] if type(message) is str else "",
            line
        ]

    def answer(nonce, value):
        """Sends a value, or why it can not be sent."""
        try:
            kind, payload = b"V", encode(value)
        except Matched:
            kind, payload = b"W", b"N"
        except NotPlain as error:
            kind, payload = b"U", encode(str(error))
        except TooLarge:
            kind, payload = b"O", b"N"
        flush()
        send(nonce, kind, payload)

    def failed(nonce, error, lead, filename="<program>"):
        flush()
        send(nonce, b"R", encode(described(error, lead, filename)))

    def leave_early(code=None):
        raise SystemExit(code)

    def prepare(name, source):
        setrlimit(FSIZE, (file_size, file_size))
        builtins.exit = builtins.quit = leave_early
        if "random" in source or "random" in modules:
            import random
            random.seed(0)
        module = Module(name)
        module.__builtins__ = builtins
        modules[name] = module
        modules["__main__"] = module
        return module.__dict__

    def find(space, name):
        if name in space:
            return space[name]
        # the form of contest sites
        if "Solution" in space:
            return getattr(space["Solution"](), name)
        raise NameError("name '" + name + "' is not defined")

    def run_main(nonce, source, text, lead):
        # no name, nothing to clean up, and before files are limited
        fd = posix.open("/tmp", posix.O_TMPFILE | posix.O_RDWR, 0o600)
        while text:
            text = text[write(fd, text):]
        posix.lseek(fd, 0, 0)
        posix.dup2(fd, 0)
        posix.close(fd)
        space = prepare("__main__", source)
        try:
            try:
                exec(compile(source, "<program>", "exec", dont_inherit=True), space)
            except SystemExit:
                pass
            if "threading" in modules:
                modules["threading"]._shutdown()
            if "atexit" in modules:
                modules["atexit"]._run_exitfuncs()
        except BaseException as error:
            failed(nonce, error, lead)
        else:
            answer(nonce, None)

    def examine(nonce, kind, preamble, setup, tests, entry):
        """Runs assertions of a task; the candidate is elsewhere, and only plain data comes from it."""
        import _ast

        carried = None

        def stop(*_):
            raise Stop

        class Match:
            """Stands for a match object: it is there, and that is all."""
            __bool__ = lambda self: True
            __eq__ = __ne__ = __getitem__ = __len__ = __iter__ = __str__ = __repr__ = stop
            __hash__ = None

            def __getattr__(self, name):
                raise Stop

        def proxy(name):
            def candidate(*args, **keywords):
                nonlocal nonce, carried
                try:
                    payload = encode([name, list(args), keywords])
                except NotPlain as error:
                    send(nonce, b"Y", encode(str(error)))
                except TooLarge:
                    send(nonce, b"Y", encode("arguments that are too large"))
                else:
                    send(nonce, b"Q", payload)
                nonce, reply, value = receive()
                if reply == b"V":
                    return decode(value)
                if reply == b"W":
                    return Match()
                if reply == b"R":
                    type_name, message = decode(value)
                    kind = getattr(builtins, type_name, None)
                    # StopIteration would end a loop of the test as if there were no more to test
                    if not (isinstance(kind, type) and Exception in kind.__mro__) or kind in (StopIteration, StopAsyncIteration):
                        kind = RuntimeError
                    try:
                        error = kind(message)
                    except BaseException:
                        error = RuntimeError(message)
                    carried = error
                    raise error
                raise Stop
            return candidate

        def nodes(node):
            yield node
            for field in node._fields:
                child = getattr(node, field, None)
                for each in child if type(child) is list else (child,):
                    if isinstance(each, _ast.AST):
                        yield from nodes(each)

        def names(tree):
            return {each.id for each in nodes(tree) if type(each) is _ast.Name}

        def parse(source):
            return compile(source, "<tests>", "exec", 0x400, True)

        def remember(tree):
            """Keeps both sides of an equality, to be able to say what was expected."""
            for each in nodes(tree):
                if type(each) is not _ast.Assert or type(each.test) is not _ast.Compare:
                    continue
                test = each.test
                if len(test.ops) != 1 or type(test.ops[0]) is not _ast.Eq:
                    continue
                sides = []
                for name, side in (("__left", test.left), ("__right", test.comparators[0])):
                    place = dict(
                        lineno=side.lineno, col_offset=side.col_offset,
                        end_lineno=side.end_lineno, end_col_offset=side.end_col_offset
                    )
                    sides.append(_ast.NamedExpr(
                        target=_ast.Name(id=name, ctx=_ast.Store(), **place), value=side, **place
                    ))
                test.left, test.comparators = sides[0], [sides[1]]

        def segment(source, node):
            lines = source.split("\n")[node.lineno - 1:node.end_lineno]
            lines[-1] = lines[-1].encode()[:node.end_col_offset].decode()
            lines[0] = lines[0].encode()[node.col_offset:].decode()
            return "\n".join(lines)

        def plain(frame, name):
            """A side of the comparison, encoded, or nothing."""
            if frame is None or name not in frame:
                return b"N", False
            try:
                return encode(frame[name]), True
            except (NotPlain, TooLarge):
                return b"N", False

        def outcome(error, tree, source, proxied):
            """What is said of a test that did not pass."""
            place, frame, trace = None, None, traceback_of(error)
            while trace is not None:
                if trace.tb_frame.f_code.co_filename == "<tests>":
                    place, frame = trace.tb_lineno, trace.tb_frame.f_locals
                trace = trace.tb_next
            text, expected, got = "", (b"N", False), (b"N", False)
            for each in nodes(tree):
                if type(each) is _ast.Assert and place is not None and each.lineno <= place <= each.end_lineno:
                    text = segment(source, each)
                    if type(each.test) is _ast.Compare and type(each.test.left) is _ast.NamedExpr:
                        expected, got = plain(frame, "__right"), plain(frame, "__left")
                        if not names(each.test.left.value) & proxied and names(each.test.comparators[0]) & proxied:
                            expected, got = got, expected
            # the program may raise one as well
            asserted = type(error) is AssertionError and error is not carried
            kind, message, _ = described(error, 0, "<tests>")
            return b"L" + four(7) + b"".join((
                encode(text),
                b"T" if asserted else b"F",
                encode(kind), encode(message),
                encode([expected[1], got[1]]),
                expected[0], got[0]
            ))

        space = {"__name__": "tests", "__builtins__": builtins}
        known = set(dir(builtins))
        standard_names = getattr(sys, "stdlib_module_names", sys.builtin_module_names)
        try:
            exec(compile(preamble + "\n", "<preamble>", "exec", dont_inherit=True), space)
            exec(compile(setup + "\n", "<setup>", "exec", dont_inherit=True), space)
            trees = [parse(each) for each in tests]
        except BaseException as error:
            return failed(nonce, error, 0, "<tests>")
        send(nonce, b"L", b"N")
        while True:
            nonce, reply, value = receive()
            if reply != b"T":
                leave(0)
            index = decode(value)
            source, tree = tests[index], trees[index]
            if kind == "check":
                defined = {each.name for each in tree.body if type(each) in (_ast.FunctionDef, _ast.ClassDef)}
                called = {entry} | (names(tree) - known - space.keys() - defined)
            else:
                called = names(tree) - known - space.keys()
                if not called:
                    # the program is to define a function with the name of a builtin one
                    called = {each.func.id for each in nodes(tree) if type(each) is _ast.Call and type(each.func) is _ast.Name}
            here = dict(space)
            # a program that is given whole brings the modules that its tests use
            for each in nodes(tree):
                if type(each) is _ast.Attribute and type(each.value) is _ast.Name and each.value.id in called and each.value.id in standard_names:
                    here[each.value.id] = __import__(each.value.id)
                    called.discard(each.value.id)
            for name in called:
                here[name] = proxy(name)
            remember(tree)
            try:
                exec(compile(tree, "<tests>", "exec", dont_inherit=True), here)
                if kind == "check":
                    here["check"](here[entry])
            except Stop:
                send(nonce, b"S", b"N")
            except BaseException as error:
                send(nonce, b"D", outcome(error, tree, source, called | {"candidate"}))
            else:
                send(nonce, b"V", b"N")

    send(b"\0" * 8, b"!", encode(".".join(map(str, sys.version_info[:3]))))
    space = {}
    while True:
        nonce, kind, payload = receive()
        if kind == b"P":
            name, source, lead = decode(payload)
            space = prepare(name, source)
            try:
                exec(compile(source, "<program>", "exec", dont_inherit=True), space)
            except BaseException as error:
                failed(nonce, error, lead)
            else:
                answer(nonce, None)
        elif kind == b"C":
            name, args, keywords, lead = decode(payload)
            try:
                result = find(space, name)(*args, **keywords)
            except BaseException as error:
                failed(nonce, error, lead)
            else:
                try:
                    answer(nonce, result)
                except BaseException as error:
                    failed(nonce, error, lead)
                result = None
        elif kind == b"M":
            source, text, lead = decode(payload)
            run_main(nonce, source, text, lead)
        elif kind == b"X":
            examine(nonce, *decode(payload))
        else:
            leave(0)


`

/** A process of its own for one program; its arguments are the limits. */
export const freshPython = String.raw`${pythonRunner}
import sys
serve(tuple(map(int, sys.argv[1:])), lambda code: None)
`
