# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, by its DevTools protocol: pages that are opened, clicked in and asked, each wait with a deadline."""
import asyncio
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading

import websockets

DEADLINE = 20  # seconds, for whatever is waited for


def chromium():
    """The command, or None."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


class Browser:
    """Chromium with a profile of its own, until close(). (The protocol is asynchronous, the tests need not be.)"""

    def __init__(self, command):
        self.profile = tempfile.mkdtemp(prefix="weft-chromium-")
        arguments = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={self.profile}", "--no-first-run",
                     "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
                     "--no-proxy-server", "about:blank"]
        if os.geteuid() == 0:
            arguments.insert(0, "--no-sandbox")
        self.process = subprocess.Popen([command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.loop = asyncio.new_event_loop()
        self.answers, self.pages, self.numbers = {}, {}, itertools.count(1)
        self.run(self._connect())

    def close(self):
        self.run(self._disconnect())
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.loop.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def run(self, awaitable):
        return self.loop.run_until_complete(asyncio.wait_for(awaitable, DEADLINE * 2))

    async def _connect(self):
        said = ""
        for line in self.process.stderr:
            said += line
            if address := re.search(r"DevTools listening on (ws://\S+)", line):
                break
        else:
            raise AssertionError(f"Chromium does not begin:\n{said}")
        # What it says from now on nobody wants; but it must not wait for a reader.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.socket = await websockets.connect(address[1], max_size=None, ping_interval=None)
        self.listening = asyncio.ensure_future(self._listen())

    async def _disconnect(self):
        await self.socket.send(json.dumps({"id": next(self.numbers), "method": "Browser.close"}))
        await asyncio.gather(self.listening, return_exceptions=True)  # until it has closed the connection

    async def _listen(self):
        async for text in self.socket:
            message = json.loads(text)
            if waiting := self.answers.pop(message.get("id"), None):
                waiting.set_result(message)
            elif page := self.pages.get(message.get("sessionId")):
                page.happened(message["method"], message["params"])

    async def _call(self, method, session=None, **parameters):
        number = next(self.numbers)
        self.answers[number] = answer = self.loop.create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self.socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        message = await answer
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']['message']}")
        return message["result"]

    def call(self, method, session=None, **parameters):
        return self.run(self._call(method, session, **parameters))

    def open(self, url, **screen):
        return Page(self, url, **screen)


class Page:
    """A tab. What goes wrong in it is in `errors`."""

    def __init__(self, browser, url, width=1280, height=900, mobile=False, dark=False, still=False):
        self.browser, self.errors = browser, []
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}])
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def happened(self, event, what):
        if event == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{what['entry']['text']} {what['entry'].get('url', '')}")
        elif event == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.errors.append(f"console.{what['type']}: {what['args']}")

    def evaluate(self, expression):
        """The value of a JavaScript expression; of a promise, what comes of it."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if details := answer.get("exceptionDetails"):
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def until(self, condition):
        """Waits until the condition holds. @return its value"""
        return self.evaluate(f"""new Promise((done, fail) => {{
            const end = performance.now() + {DEADLINE * 1000};
            const look = () => {{
                const value = {condition};
                if (value) done(value);
                else if (performance.now() > end) fail(new Error({json.dumps("never came: " + condition)}));
                else setTimeout(look, 10);
            }};
            look();
        }})""")

    def click(self, selector):
        self.until(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector, value):
        self.evaluate(f"""(() => {{
            const chosen = document.querySelector({json.dumps(selector)});
            chosen.value = {json.dumps(value)};
            chosen.dispatchEvent(new Event('change'));
        }})()""")

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent")

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        del self.browser.pages[self.session]
