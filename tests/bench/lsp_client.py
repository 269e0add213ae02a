"""A small language client over stdio that notes when each message came."""
import json
import os
import queue
import subprocess
import threading
import time
import urllib.parse


def uri(path):
    return "file://" + urllib.parse.quote(path)


def resident_kib(pid):
    """Resident memory of a process and its descendants (Linux)."""
    total, todo = 0, [pid]
    while todo:
        pid = todo.pop()
        try:
            with open("/proc/%d/status" % pid) as status:
                total += sum(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            for task in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/children" % (pid, task)) as children:
                    todo += [int(child) for child in children.read().split()]
        except OSError:
            pass
    return total


class Client:
    """A running server with one open file. Times are in milliseconds."""

    def __init__(self, command, root, path, timeout=120):
        self.timeout = timeout
        self.path = path
        self.uri = uri(path)
        self.lines = open(path).read().split("\n")
        self.version = 1
        self.next_id = 0
        self.messages = queue.Queue()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, cwd=root)
        threading.Thread(target=self._read, daemon=True).start()
        capabilities = {
            "textDocument": {"publishDiagnostics": {"versionSupport": True},
                             "hover": {"contentFormat": ["markdown"]}, "synchronization": {}},
            "workspace": {"configuration": True},
            "general": {"positionEncodings": ["utf-16", "utf-8"]},
        }
        folder = {"uri": uri(root), "name": "bench"}
        answer, _ = self.request("initialize", {
            "processId": os.getpid(), "rootUri": uri(root), "workspaceFolders": [folder],
            "capabilities": capabilities})
        sync = answer["result"]["capabilities"].get("textDocumentSync", 1)
        self.incremental = (sync if isinstance(sync, int) else sync.get("change", 1)) == 2
        self.notify("initialized", {})

    def _read(self):
        out = self.process.stdout
        while True:
            length = None
            while True:
                line = out.readline()
                if not line:
                    self.messages.put((time.perf_counter(), None))
                    return
                if not line.strip():
                    break
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = out.read(length)
            self.messages.put((time.perf_counter(), json.loads(body)))

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        sent = time.perf_counter()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()
        return sent

    def notify(self, method, params):
        return self._send({"method": method, "params": params})

    def request(self, method, params):
        """The answer, and how long it took."""
        self.next_id += 1
        number = self.next_id
        sent = self._send({"id": number, "method": method, "params": params})
        at, answer = self.wait(lambda m: m.get("id") == number and "method" not in m)
        return answer, (at - sent) * 1e3

    def wait(self, wanted):
        """The next message that is wanted, with its time; requests of the server are answered."""
        end = time.perf_counter() + self.timeout
        while True:
            at, message = self.messages.get(timeout=max(0.0, end - time.perf_counter()))
            if message is None:
                raise EOFError("the server ended")
            if "id" in message and "method" in message:
                asked = message["params"].get("items", []) if message.get("params") else []
                settings = message["method"] == "workspace/configuration"
                self._send({"id": message["id"], "result": [None] * len(asked) if settings else None})
            elif wanted(message):
                return at, message

    def wait_diagnostics(self, version):
        def wanted(message):
            if message.get("method") != "textDocument/publishDiagnostics":
                return False
            params = message["params"]
            same = urllib.parse.unquote(params["uri"]) == urllib.parse.unquote(self.uri)
            return same and (params.get("version") is None or params["version"] >= version)
        return self.wait(wanted)[0]

    def open(self):
        """Opens the file; milliseconds until its first diagnostics."""
        sent = self.notify("textDocument/didOpen", {"textDocument": {
            "uri": self.uri, "languageId": "c", "version": 1, "text": "\n".join(self.lines)}})
        return (self.wait_diagnostics(1) - sent) * 1e3

    def type(self, line, column, text):
        """Types text at a place; the time at which the change was sent."""
        self.version += 1
        old = self.lines[line]
        self.lines[line] = old[:column] + text + old[column:]
        place = {"line": line, "character": column}
        change = {"text": "\n".join(self.lines)}
        if self.incremental:
            change = {"range": {"start": place, "end": place}, "text": text}
        return self.notify("textDocument/didChange", {
            "textDocument": {"uri": self.uri, "version": self.version}, "contentChanges": [change]})

    def hover(self, line, column):
        """Milliseconds until the answer."""
        return self.request("textDocument/hover", {
            "textDocument": {"uri": self.uri}, "position": {"line": line, "character": column}})[1]

    def resident(self):
        """MiB."""
        return resident_kib(self.process.pid) / 1024

    def close(self):
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(10)
        except (EOFError, OSError, queue.Empty, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
