#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The showcase, as a visitor has it: the program, and its page in Chromium.

    showcase_test.py PROGRAM [unittest's arguments]
"""
import json
import os
import re
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

SKIPPED = 77  # as CMakeLists.txt says to ctest
try:
    import browser
except ImportError as missing:
    # python3 may be one beside Debian's, which has the package.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B", *sys.argv])
    print(f"skipped: {missing} (python3-websockets)")
    sys.exit(SKIPPED)

PROGRAM = sys.argv.pop(1)
STORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/story")
PROGRAMS = sorted(name.removesuffix(".cpp") for name in os.listdir(STORY) if name.endswith(".cpp"))


def setUpModule():
    """One program, and one browser, for all."""
    global server, url, chromium
    server = subprocess.Popen([PROGRAM, "--port", "0"], stdout=subprocess.PIPE, text=True)
    unittest.addModuleCleanup(end_server)
    line = server.stdout.readline()
    url = next(word for word in line.split() if word.startswith("http://"))
    chromium = browser.Browser(browser.chromium())
    unittest.addModuleCleanup(chromium.close)


def end_server():
    server.terminate()
    status = server.wait(timeout=browser.DEADLINE)
    server.stdout.close()
    assert status == 0, f"the showcase ends with {status}"


def ask(path, method="GET", body=None, headers=None, at=None):
    """@return status, fields, text"""
    request = urllib.request.Request((at or url.rstrip("/")) + path, method=method, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=browser.DEADLINE) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read().decode()


class InABrowser(unittest.TestCase):
    def open(self, page="", **screen):
        tab = chromium.open(url + page, **screen)
        self.addCleanup(tab.close)
        self.addCleanup(lambda: self.assertEqual(tab.errors, []))
        return tab


class Inside(InABrowser):
    def start(self, tab, kind):
        """Clicks, and waits for the piece. @return the id of its row"""
        tab.until("document.querySelector('#gauges dd')")  # what there is already is there
        before = tab.evaluate("document.querySelector('#pieces > li')?.dataset.key ?? '0'")
        tab.click(f"[data-kind={kind}]")
        return tab.until(f"""(() => {{
            const key = document.querySelector('#pieces > li')?.dataset.key ?? '0';
            return key !== '{before}' && key; }})()""")

    def cancel(self, tab, piece):
        tab.click(f"#pieces > li[data-key='{piece}'] button")
        self.ended(tab, piece, "cancelled")

    def ended(self, tab, piece, state):
        tab.until(f"document.querySelector(`#pieces > li[data-key='{piece}']`).dataset.state === '{state}'")

    def test_shows_tasks_and_which_request_each_answers(self):
        tab = self.open()
        tab.until("document.querySelector('#live-state').textContent === 'live'")
        tab.until("[...document.querySelectorAll('#requests li')].some((li) => li.textContent.includes('/api/live'))")
        link = tab.evaluate("[...document.querySelectorAll('#requests li')].find((li) => li.textContent.includes('/api/live'))"
                            ".querySelector('a').hash")
        tab.until(f"document.querySelector('{link} .badge')?.textContent === 'GET /api/live'")
        tab.evaluate(f"document.querySelector('#requests a[href=\"{link}\"]').click()")
        tab.until(f"document.querySelector('{link} details').open")
        tab.until(f"document.querySelector('{link} .stack').textContent.includes('live.cpp:')")
        self.assertGreater(tab.evaluate("document.querySelectorAll('#histogram i').length"), 10)

    def test_slow_work_is_seen_among_the_tasks_and_can_be_cancelled(self):
        tab = self.open()
        piece = self.start(tab, "slow")
        row = "[...document.querySelectorAll('#tasks > li')].find((li) => / slow$/.test(li.querySelector('.who').textContent))"
        tab.until(f"{row}?.querySelector('.waits').textContent.startsWith('sleep')")
        tab.until(f"{row}.querySelector('.where').textContent.startsWith('kinds_of_work.cpp:')")
        self.cancel(tab, piece)
        tab.until(f"!{row}")

    def test_failing_work_shows_its_traceback(self):
        tab = self.open()
        piece = self.start(tab, "failing")
        self.ended(tab, piece, "failed")
        traceback = tab.text(f"#pieces > li[data-key='{piece}'] pre")
        self.assertRegex(traceback, r"^Traceback \(most recent call last\):\n")
        self.assertRegex(traceback, r'File "examples/apps/showcase/kinds_of_work.cpp", line \d+, in \S*look_on_the_shelf\n')
        self.assertIn("there is no Darjeeling on the shelf", traceback)
        self.assertNotIn('"/', traceback)

    def test_parallel_work_has_children(self):
        tab = self.open()
        piece = self.start(tab, "parallel")
        children = "[...document.querySelectorAll('#tasks > li')].filter((li) => / fetch \\d$/.test(li.querySelector('.who').textContent))"
        tab.until(f"{children}.length === 5 && {children}.every((li) => li.style.getPropertyValue('--depth') > 0)")
        self.cancel(tab, piece)
        tab.until(f"{children}.length === 0")

    def test_a_deadlock_is_told_of_until_it_is_cancelled(self):
        tab = self.open()
        piece = self.start(tab, "deadlock")
        warning = tab.until("[...document.querySelectorAll('#warnings p')].find((p) => p.textContent.startsWith('deadlock'))?.textContent")
        self.assertRegex(warning, r"#\d+ ann waits \(examples/apps/showcase/kinds_of_work.cpp:\d+\) for a lock held by #\d+ ben")
        self.cancel(tab, piece)
        tab.until("!document.querySelector('#warnings p')")

    def test_who_blocks_the_loop_is_seen_in_its_lag(self):
        tab = self.open()
        tab.until("document.querySelector('#gauges polyline')")
        self.start(tab, "blocking")
        # The line of the last half minute then has a peak: above 200 ms it is in the uppermost fifth of 20.
        tab.until("document.querySelector('#gauges polyline').getAttribute('points').split(' ').some((p) => p.split(',')[1] < 4.1)")

    def test_nothing_is_sent_while_nobody_looks(self):
        tab = self.open()
        tab.until("document.querySelector('#live-state').textContent === 'live'")
        tab.click("nav a[href='#chat']")
        tab.until("document.querySelector('#live-state').textContent === 'paused'")
        with urllib.request.urlopen(url + "api/live", timeout=browser.DEADLINE) as events:
            for line in events:  # the tab's stream is given up within a look or two
                if line.startswith(b"data: ") and json.loads(line[6:])["watchers"] == 1:
                    break


class Story(InABrowser):
    HERE = "[...document.querySelectorAll('{} li')].findIndex((li) => li.classList.contains('here')) + 1"

    def test_plays_what_has_happened(self):
        tab = self.open("#story")
        tab.until("document.querySelector('#step').options.length > 10")
        tab.choose("#step", "09_sent")
        tab.until("document.querySelector('#lanes .head')?.textContent === 'callerecho'")
        shown = "[...document.querySelectorAll('#lanes .row:not(.head):not([hidden])')]"
        tab.until(f"{shown}.length > 2")  # by itself
        tab.click("#play")
        self.assertEqual(tab.text("#play"), "Play")
        count = tab.evaluate(f"{shown}.length")
        line = tab.evaluate(self.HERE.format("#story-source"))
        tab.click("#on")
        tab.until(f"{shown}.length === {count + 1}")
        tab.until(f"{self.HERE.format('#story-source')} !== {line}")
        said = tab.evaluate("[...document.querySelectorAll('#lanes .bubble')].map((b) => b.textContent).join(', ')")
        self.assertIn("yields 0, goes on 0, send 1, goes on 1, yields 1, goes on 1, send 2", said)

    def test_the_list_is_the_story_and_each_step_plays_to_its_end(self):
        tab = self.open("#story", width=390, height=844, mobile=True, still=True)  # who wants no motion sees a step whole
        tab.until(f"document.querySelector('#step').options.length === {len(PROGRAMS)}")
        self.assertEqual(tab.evaluate("[...document.querySelector('#step').options].map((o) => o.value)"), PROGRAMS)
        for step in json.loads(ask("/api/story/")[2]):
            tab.choose("#step", step["name"])
            tab.until(f"document.querySelector('#step-says').textContent === {json.dumps(step['says'])}")
            tab.until("document.querySelector('#lanes').lastChild.matches('.current:not([hidden])')")
            self.assertEqual(tab.text("#lanes .current .bubble b"), "returns", step)
            self.assertTrue(tab.evaluate("document.querySelector('#notice').hidden"), step)
            left, right, width = tab.evaluate("""[document.querySelector('#lanes .current .bubble').getBoundingClientRect()]
                .flatMap((box) => [box.left, box.right, box.width])""")
            self.assertTrue(left >= 0 and right <= 390 and width >= 56, (step, left, right, width))  # no word is broken
            self.assertGreater(tab.until(self.HERE.format("#story-source")), 0, step)

    def test_every_step_can_be_played(self):
        steps = json.loads(ask("/api/story/")[2])
        self.assertEqual([step["name"] for step in steps], PROGRAMS)
        for step in steps:
            status, _, text = ask(f"/api/story/{step['name']}", "POST", b"")
            self.assertEqual(status, 200, step)
            played = json.loads(text)
            self.assertGreater(len(played["events"]), 2, step)
            source = ask(f"/source/{played['source']}")[2].splitlines()
            for event in played["events"]:
                self.assertRegex(source[event["line"] - 1], r"\S", event)

    def test_a_generator_is_stepped_and_the_marked_line_moves(self):
        tab = self.open("#story")
        tab.until("document.querySelector('#generator').options.length === 4")
        tab.choose("#generator", "relay")
        tab.until("document.querySelector('#g-state').dataset.state === 'created'")
        lines = [tab.until(self.HERE.format("#g-source"))]
        source = ask("/source/generators.cpp")[2].splitlines()
        tab.click("#g-next")
        tab.until("document.querySelector('#g-log').textContent.includes('next → yielded 0')")
        lines.append(tab.until(self.HERE.format("#g-source")))
        self.assertIn("co_yield sum", source[lines[-1] - 1])
        self.assertIn("co_yield weft::from", tab.text("#g-source .outer"))
        self.assertEqual(len(set(lines)), 2)
        first_outer = tab.text("#g-source .outer")
        for sent, answer in (("5", "yielded 5"), ("0", "yielded 0")):
            tab.evaluate(f"document.querySelector('#g-value').value = '{sent}'")
            tab.click("#g-send")
            tab.until(f"document.querySelector('#g-log').lastChild.textContent === 'send {sent} → {answer}'")
        tab.until(f"document.querySelector('#g-source .outer').textContent !== {json.dumps(first_outer)}")
        tab.click("#g-close")
        tab.until("document.querySelector('#g-state').dataset.state === 'closed'")

    def test_a_generator_catches_what_is_thrown_or_ends_of_it(self):
        tab = self.open("#story")
        tab.until("document.querySelector('#generator').options.length === 4")
        for kind, comes in (("averager", "throw → yielded 0"), ("digits", "throw → raised a visitor threw this")):
            tab.choose("#generator", kind)
            tab.until("document.querySelector('#g-state').dataset.state === 'created'")
            tab.click("#g-next")
            tab.until("document.querySelector('#g-state').dataset.state === 'suspended'")
            tab.click("#g-throw")
            tab.until(f"document.querySelector('#g-log').lastChild.textContent === '{comes}'")


class Chat(InABrowser):
    def enter(self, name):
        tab = self.open("#chat")
        tab.evaluate(f"document.querySelector('#who').value = '{name}'")
        tab.click("#join button")
        tab.until("!document.querySelector('#words').disabled")
        return tab

    def says(self, tab, words):
        tab.evaluate(f"document.querySelector('#words').value = {json.dumps(words)}")
        tab.click("#speak")

    def test_two_tabs_talk_and_markup_is_text(self):
        ann = self.enter("ann")
        ben = self.enter("ben")
        ann.until("document.querySelector('#said').textContent.includes('ben has joined')")
        words = "grüß dich <img src=x onerror=alert(1)>"
        self.says(ann, words)
        ben.until(f"document.querySelector('#said').textContent.includes({json.dumps('ann' + words)})")
        self.says(ben, "selber")
        ann.until("document.querySelector('#said').textContent.includes('benselber')")
        self.assertEqual(ben.evaluate("document.querySelectorAll('#said img').length"), 0)


class OnAPhone(InABrowser):
    def test_nothing_overflows_and_what_is_touched_is_large(self):
        tab = self.open(width=390, height=844, mobile=True)
        tab.until("document.querySelector('#tasks li')")
        tab.click("[data-kind=failing]")
        tab.until("document.querySelector('#pieces > li[data-state=failed]')")
        for page in ("inside", "chat", "story"):
            tab.click(f"nav a[href='#{page}']")
            tab.until(f"!document.querySelector('#page-{page}').hidden")
            if page == "story":
                tab.until("document.querySelector('#step').options.length > 10")
                tab.choose("#step", "07_on_a_loop")
                tab.until("document.querySelectorAll('#lanes .bubble').length > 10")
                tab.until("document.querySelectorAll('#story-source li').length > 10")
            self.assertLessEqual(tab.evaluate("document.documentElement.scrollWidth"), 390, page)
            small = tab.evaluate("""[...document.querySelectorAll('button, input, select, summary, nav a, main a')]
                .filter((e) => e.checkVisibility())
                .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
                .filter(([, box]) => box.height < 40 || box.width < 40).map(([html, box]) => `${html} ${box.width}×${box.height}`)""")
            self.assertEqual(small, [], page)
            outside = tab.evaluate("""[...document.querySelectorAll('button, input, select, summary')]
                .filter((e) => e.checkVisibility() && !e.closest('#lanes') && e.getBoundingClientRect().right > 390)
                .map((e) => e.outerHTML.slice(0, 90))""")
            self.assertEqual(outside, [], page)


class ForEverybody(InABrowser):
    def test_what_can_be_used_has_a_name(self):
        tab = self.open()
        nameless = tab.until("""document.querySelector('#gauges dd') && [...document.querySelectorAll('button, input, select, a, summary')]
            .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).map((e) => e.outerHTML)""")
        self.assertEqual(nameless, [])

    def test_text_stands_out_by_day_and_by_night(self):
        for dark in (False, True):
            tab = self.open(dark=dark)
            tab.until("document.querySelector('#gauges dd')")
            contrasts = tab.evaluate("""(() => {
                const light = (colour) => colour.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
                const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
                const ground = (e) => {
                    const colour = parts(getComputedStyle(e).backgroundColor);
                    return colour[3] === 0 ? ground(e.parentElement) : colour.slice(0, 3);
                };
                return ['h2', '.card .quiet', 'footer', '.pill', 'button.main', 'nav a[aria-current]', '.method'].map((name) => {
                    const e = document.querySelector(name);
                    const [a, b] = [light(parts(getComputedStyle(e).color).slice(0, 3)), light(ground(e))];
                    return [name, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
                });
            })()""")
            for name, contrast in contrasts:
                self.assertGreaterEqual(contrast, 4.5, (name, dark))

    def test_who_wants_no_motion_sees_a_step_whole(self):
        tab = self.open("#story", still=True)
        tab.until("document.querySelectorAll('#lanes .row').length > 3 && !document.querySelector('#lanes .row[hidden]')")
        self.assertEqual(tab.text("#play"), "Play")


class Started(unittest.TestCase):
    def test_a_port_that_is_taken_is_told_of_and_the_next_one_is_used(self):
        taken = int(url.rstrip("/").rsplit(":", 1)[1])
        other = subprocess.Popen([PROGRAM, "--port", str(taken)], stdout=subprocess.PIPE, text=True)
        with other:
            self.assertEqual(other.stdout.readline(), f"showcase: port {taken} is taken\n")
            line = other.stdout.readline()
            while line.endswith("is taken\n"):
                line = other.stdout.readline()
            self.assertRegex(line, r"http://127\.0\.0\.1:\d+/")
            self.assertNotIn(f":{taken}/", line)
            self.ends_by(signal.SIGINT, other)

    def test_it_ends_at_once_whatever_goes_on(self):
        other = subprocess.Popen([PROGRAM, "--port", "0"], stdout=subprocess.PIPE, text=True)
        with other:
            there = re.search(r"http://\S+", other.stdout.readline())[0]
            for path in ("api/pieces/slow", "api/pieces/parallel", "api/pieces/deadlock", "api/generators/relay"):
                urllib.request.urlopen(there + path, data=b"", timeout=browser.DEADLINE).close()
            with urllib.request.urlopen(there + "api/live", timeout=browser.DEADLINE) as events:
                self.assertEqual(events.read(5), b"data:")
                self.ends_by(signal.SIGTERM, other)

    def test_of_too_many_generators_the_one_unused_for_longest_is_put_away(self):
        other = subprocess.Popen([PROGRAM, "--port", "0"], stdout=subprocess.PIPE, text=True)
        with other:
            there = re.search(r"http://\S+[^/\s]", other.stdout.readline())[0]
            begun = [json.loads(ask("/api/generators/fibonacci", "POST", b"", at=there)[2])["id"] for _ in range(101)]
            answers = [ask(f"/api/generators/{begun[i]}/next", "POST", b"", at=there)[0] for i in (0, 1, 100)]
            self.assertEqual(answers, [404, 200, 200])
            self.ends_by(signal.SIGTERM, other)

    def ends_by(self, how, program):
        program.send_signal(how)
        self.assertEqual(program.wait(browser.DEADLINE), 0)


class OfStrangers(unittest.TestCase):
    def test_the_page_loads_nothing_from_elsewhere(self):
        for path in ("/", "/style.css", "/app.js", "/nowhere"):
            status, fields, _ = ask(path)
            self.assertEqual(status, 404 if path == "/nowhere" else 200)
            self.assertIn("default-src 'none'; script-src 'self'", fields["Content-Security-Policy"])
            self.assertEqual(fields["X-Content-Type-Options"], "nosniff")

    def test_another_sites_page_starts_nothing(self):
        self.assertEqual(ask("/api/pieces/slow", "POST", b"", {"Origin": "http://example.org"})[0], 403)

    def test_what_can_be_started_is_bounded(self):
        started = []
        while len(started) < 30:
            status, _, text = ask("/api/pieces/slow", "POST", b"")
            if status != 201:
                break
            started.append(json.loads(text)["id"])
        self.assertEqual(status, 429)
        self.assertEqual(len(started), 12)
        for piece in started:
            self.assertEqual(ask(f"/api/pieces/{piece}", "DELETE")[0], 204)

    def test_what_makes_no_sense_is_refused(self):
        for status, path, body in ((404, "/api/pieces/harmful", b""), (404, "/api/story/27_more", b""),
                                   (404, "/api/generators/cobras", b""), (404, "/api/generators/0/next", b"")):
            self.assertEqual(ask(path, "POST", body)[0], status, path)
        made = json.loads(ask("/api/generators/averager", "POST", b"")[2])["id"]
        ask(f"/api/generators/{made}/next", "POST", b"")
        for status, verb, body in ((422, "send", b"ten"), (422, "send", b"1000001"), (413, "send", b"1" * 100),
                                   (404, "bite", b""), (200, "send", b"-7")):
            self.assertEqual(ask(f"/api/generators/{made}/{verb}", "POST", body)[0], status, (verb, body))


if __name__ == "__main__":
    if not browser.chromium():
        print("skipped: there is no Chromium (chromium-headless-shell)")
        sys.exit(SKIPPED)
    unittest.main()
