# SPDX-License-Identifier: MIT
# Looks at the status page with headless Chromium, by the DevTools protocol over a pipe.
#   page.py URL MODE OUT    MODE: watch (twenty phones are being recovered), hostile or away
# Pictures go to OUT. AXE=axe.min.js runs axe-core, too (npm install axe-core), in light and dark.
import base64, json, os, select, subprocess, sys, tempfile, time

URL, MODE, OUT = sys.argv[1:4]
CHROMIUM = os.environ.get('CHROMIUM', 'chromium')


class Browser:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_r, self.to = os.pipe()
        self.come, come_w = os.pipe()

        def plumb():
            a, b = os.dup(to_r), os.dup(come_w)
            os.dup2(a, 3)
            os.dup2(b, 4)
        self.process = subprocess.Popen(
            [CHROMIUM, '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
             '--remote-debugging-pipe', '--user-data-dir=' + self.folder.name, 'about:blank'],
            preexec_fn=plumb, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_r)
        os.close(come_w)
        self.data, self.id, self.requests, self.complaints = b'', 0, [], []
        self.received, self.session = 0, None
        target = [t for t in self.ask('Target.getTargets')['targetInfos'] if t['type'] == 'page'][0]
        self.session = self.ask('Target.attachToTarget', targetId=target['targetId'], flatten=True)['sessionId']
        for domain in ('Runtime', 'Log', 'Network', 'Page'):
            self.ask(domain + '.enable')

    def message(self, until):
        while b'\0' not in self.data:
            if not select.select([self.come], [], [], max(0, until - time.time()))[0]:
                raise TimeoutError('the browser does not answer')
            part = os.read(self.come, 1 << 20)
            if not part:
                raise EOFError('the browser is gone')
            self.data += part
        one, self.data = self.data.split(b'\0', 1)
        return json.loads(one)

    def news(self, m):
        method, p = m.get('method'), m.get('params', {})
        if method == 'Network.requestWillBeSent':
            self.requests.append(p['request']['url'])
        elif method == 'Network.dataReceived':
            self.received += p['dataLength']
        elif method == 'Runtime.exceptionThrown':
            self.complaints.append(p['exceptionDetails'].get('exception', {}).get('description', str(p)))
        elif method == 'Log.entryAdded' and p['entry']['level'] in ('error', 'warning'):
            self.complaints.append(p['entry']['text'])
        elif method == 'Runtime.consoleAPICalled':
            self.complaints.append('console: ' + str(p['args']))
        elif method == 'Page.javascriptDialogOpening':
            self.complaints.append('dialog: ' + p['message'])

    def ask(self, method, **params):
        self.id += 1
        request = {'id': self.id, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        os.write(self.to, json.dumps(request).encode() + b'\0')
        until = time.time() + 30
        while True:
            m = self.message(until)
            if m.get('id') == self.id:
                if 'error' in m:
                    raise RuntimeError(method + ': ' + str(m['error']))
                return m['result']
            self.news(m)

    def eval(self, expression):
        r = self.ask('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in r:
            raise RuntimeError(str(r['exceptionDetails'])[:600])
        return r['result'].get('value')

    def wait(self, expression, seconds, what):
        until = time.time() + seconds
        while time.time() < until:
            value = self.eval(expression)
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError('%s: not within %s s' % (what, seconds))

    def size(self, width, height):
        self.ask('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        time.sleep(0.3)

    def scheme(self, name):
        self.ask('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': name}])
        time.sleep(0.5)

    def picture(self, name):
        data = self.ask('Page.captureScreenshot', format='png')['data']
        with open(os.path.join(OUT, name + '.png'), 'wb') as f:
            f.write(base64.b64decode(data))
        assert len(data) > 10000, name + ' is an empty picture'

    def close(self):
        self.process.kill()
        self.process.wait()


# What a person with a screen reader, a keyboard or weak eyes needs; returns what is wrong.
CHECKS = r'''(() => {
const wrong = [], all = s => [...document.querySelectorAll(s)];
const seen = e => e.checkVisibility() && !e.closest('[hidden],.unseen,.skip');
if (!document.documentElement.lang) wrong.push('no language');
if (!document.title.trim()) wrong.push('no title');
for (const tag of ['header', 'main', 'footer', 'h1'])
	if (all(tag).length !== 1) wrong.push(all(tag).length + ' times ' + tag);
if (!all('[aria-live=polite]').length || !all('[role=status]').length) wrong.push('no live region');
let level = 0;
for (const h of all('h1,h2,h3,h4,h5,h6').filter(seen)) {
	const l = Number(h.tagName[1]);
	if (l > level + 1) wrong.push('a heading too deep: ' + h.textContent);
	if (!h.textContent.trim()) wrong.push('an empty heading');
	level = l;
}
for (const e of all('input,select,button,a,summary,[tabindex="0"],[role=progressbar],[role=img],[role=region]').filter(seen)) {
	const label = e.getAttribute('aria-label') || (e.labels && e.labels.length && e.labels[0].textContent) || e.textContent;
	if (!label || !label.trim()) wrong.push('no name: ' + e.outerHTML.slice(0, 80));
}
for (const e of all('[role=progressbar]').filter(seen)) {
	const v = Number(e.getAttribute('aria-valuenow'));
	if (!(v >= 0 && v <= 100)) wrong.push('a bar of ' + v);
}
for (const t of all('thead th')) if (t.scope !== 'col') wrong.push('a column head without scope');
for (const t of all('tbody th')) if (t.scope !== 'row') wrong.push('a row head without scope');
for (const t of all('table')) if (!t.caption) wrong.push('a table without caption');
for (const s of all('section')) if (!document.getElementById(s.getAttribute('aria-labelledby'))) wrong.push('a section without name');
const ids = all('[id]').map(e => e.id);
if (new Set(ids).size !== ids.length) wrong.push('an id twice');
for (const e of all('[style]')) if (!e.parentNode.classList.contains('bar')) wrong.push('inline style: ' + e.outerHTML.slice(0, 80));
// Contrast of every text against the ground it stands on (WCAG 2.1, 1.4.3).
const rgb = c => c.match(/[\d.]+/g).map(Number);
const lum = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
let counted = 0;
for (const e of all('body *').filter(seen)) {
	if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
	const a = lum(rgb(getComputedStyle(e).color).slice(0, 3)), b = lum(ground(e));
	const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	counted++;
	if (ratio < 4.5) wrong.push('contrast ' + ratio.toFixed(2) + ': ' + e.outerHTML.slice(0, 80));
}
if (counted < 20) wrong.push('only ' + counted + ' texts');
return wrong;
})()'''


def readable(b):
    for scheme in ('light', 'dark'):
        b.scheme(scheme)
        wrong = b.eval(CHECKS)
        assert not wrong, (scheme, wrong)
        if os.environ.get('AXE'):
            b.eval(open(os.environ['AXE']).read() + ';0')
            found = b.eval('axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes[0].html + " " + v.nodes[0].failureSummary))')
            assert not found, (scheme, found)
            print('axe, %s: no violations' % scheme)
    b.scheme('light')


def keyboard(b):
    reached = set()
    b.eval('document.activeElement.blur(); window.scrollTo(0, 0)')
    for _ in range(60):
        for kind in ('keyDown', 'keyUp'):
            b.ask('Input.dispatchKeyEvent', type=kind, key='Tab', code='Tab', windowsVirtualKeyCode=9)
        reached.add(b.eval('document.activeElement.id || document.activeElement.className || document.activeElement.tagName'))
    for wanted in ('skip', 'f-text', 'f-phone', 'f-severity', 'pause', 'log', 'wide', 'A'):
        assert wanted in reached, ('not to be reached by keyboard', wanted, reached)


def filters(b):
    shown = "document.querySelectorAll('#events li').length"
    everything = b.eval(shown)
    mac = b.eval("document.querySelector('#phones li').dataset.mac")
    b.eval("document.getElementById('f-text').value = '%s'; document.getElementById('filter').dispatchEvent(new Event('input'))" % mac.upper())
    assert 0 < b.eval(shown) < everything, 'the filter by text'
    b.eval("document.getElementById('f-text').value = ''; document.getElementById('f-severity').value = '4'; document.getElementById('filter').dispatchEvent(new Event('input'))")
    assert b.eval("[...document.querySelectorAll('#events .sev')].every(e => e.textContent.includes('error'))"), 'the filter by severity'
    b.eval("document.getElementById('f-severity').value = '0'; document.getElementById('filter').dispatchEvent(new Event('input'))")
    b.eval("document.getElementById('f-phone').value = '%s'; document.getElementById('filter').dispatchEvent(new Event('input'))" % mac)
    assert b.eval("document.getElementById('f-phone').value") == mac and 0 < b.eval(shown), 'the filter by phone'
    assert b.eval("[...document.querySelectorAll('#events li')].every(e => e.textContent.includes('%s'))" % mac), 'another phone'
    b.eval("document.getElementById('f-phone').value = ''; document.getElementById('filter').dispatchEvent(new Event('input')); document.getElementById('pause').click()")
    before = b.eval(shown)
    assert b.eval("document.getElementById('pause').getAttribute('aria-pressed')") == 'true'
    time.sleep(2)
    assert b.eval(shown) == before, 'paused, and it goes on'
    b.eval("document.getElementById('pause').click()")


def watch(b):
    b.wait("document.querySelectorAll('#phones li').length === 20", 20, 'twenty phones')
    texts = "[...document.querySelectorAll('#phones li')].map(l => l.textContent)"
    assert all(any(w in t for w in ('fetching', 'writing', 'address', 'list', 'erased', 'is erased', 'starting', 'recovered', 'seen', 'next step'))
               for t in b.eval(texts)), 'a phone without a stage'
    assert b.eval("[...document.querySelectorAll('#phones .line')].every(s => s.querySelector('rect') && s.getAttribute('aria-label').startsWith('Timeline: '))"), 'a phone without a timeline'
    b.wait("[...document.querySelectorAll('#phones .bar')].some(e => e.checkVisibility())", 10, 'a bar')
    b.wait("[...document.querySelectorAll('#phones .bar')].some(e => Number(e.getAttribute('aria-valuenow')) > 0)", 20, 'a bar that fills')
    first = b.eval(texts)
    b.wait("JSON.stringify(%s) !== %s" % (texts, json.dumps(json.dumps(first, ensure_ascii=False, separators=(',', ':')))), 5, 'news of a phone')
    b.size(1280, 900)
    b.picture('desktop')
    readable(b)
    b.scheme('dark')
    b.picture('dark')
    b.scheme('light')
    for width in (320, 360, 768, 1920):
        b.size(width, 740)
        assert b.eval('document.documentElement.scrollWidth <= innerWidth'), '%d is too narrow for the page' % width
        if width == 360:
            b.picture('phone')
            b.eval("document.getElementById('h-library').scrollIntoView()")
            b.picture('phone-library')
            b.eval('window.scrollTo(0, 0)')
    b.size(1280, 900)
    keyboard(b)
    filters(b)
    assert 'SIP42.9-4-2SR3-1S' in b.eval("document.getElementById('library').textContent"), 'no firmware'
    assert 'SIP42.9-4-2SR3-1S' in b.eval("document.getElementById('plan').textContent"), 'no plan'
    b.wait("document.getElementById('area').getAttribute('d').length > 1000 && !document.getElementById('speed').textContent.startsWith('nothing')", 5, 'a chart of speed')
    b.wait("[...document.querySelectorAll('#phones .stage')].filter(s => s.textContent.includes('recovered')).length === 20", 90, 'twenty recovered phones')
    # The area below the curve is what was sent: no second of it was lost on the way.
    whole = json.loads(b.eval("fetch('/api/status').then(r => r.text())"))['bytes']
    drawn = b.eval(r"(() => { const y = [...document.getElementById('area').getAttribute('d').matchAll(/L\d+ ([\d.]+)(?=L)/g)].map(m => 99 - m[1]); return y.reduce((a, b) => a + b) / Math.max(...y); })()")
    peak = b.eval("document.getElementById('speed').textContent.match(/at most ([\\d.]+) (B|KB|MB)/).slice(1)")
    total = drawn * float(peak[0]) * {'B': 1, 'KB': 1e3, 'MB': 1e6}[peak[1]]
    assert 0.9 < total / whole < 1.1, (total, whole)
    assert b.eval('document.title').startswith('20 of 20 recovered'), b.eval('document.title')
    b.picture('recovered')
    readable(b)
    # All of it once more, as somebody gets it who comes now that nothing more happens.
    b.received = 0
    b.ask('Page.navigate', url=URL)
    b.wait("document.querySelectorAll('#phones li').length === 20 && document.getElementById('connection').textContent.includes('Live')", 20, 'twenty phones once more')
    assert b.received < 100000, 'the page took %d bytes' % b.received
    print('%d bytes for the page with twenty phones' % b.received)
    # The connection goes; the page says so and comes back by itself.
    open(os.path.join(OUT, 'watched'), 'w').close()
    b.wait("document.getElementById('connection').classList.contains('lost')", 20, 'the end is shown')
    assert 'stopped' in b.eval("document.getElementById('connection').textContent").lower(), b.eval("document.getElementById('connection').textContent")
    b.picture('lost')
    b.complaints = [c for c in b.complaints if 'ERR_CONNECTION_REFUSED' not in c and 'ERR_INCOMPLETE_CHUNKED' not in c]


def away(b):
    """The interface goes and comes back; then there are more phones than the page has room for."""
    link = "document.getElementById('link').textContent"
    notice = "document.getElementById('notice').textContent"
    b.wait(link + " === 'Cable connected'", 20, 'the cable')
    open(os.path.join(OUT, 'pull'), 'w').close()
    b.wait(link + ".endsWith('lan0 is gone: plug its adapter in again')", 20, 'that the interface is gone')
    assert 'is gone' in b.eval(notice), b.eval(notice)
    readable(b)
    open(os.path.join(OUT, 'plug'), 'w').close()
    b.wait(link + " === 'Cable connected'", 20, 'the cable again')
    assert 'is gone' not in b.eval(notice), 'it is there again, and the page says ' + b.eval(notice)
    open(os.path.join(OUT, 'crowd'), 'w').close()
    b.wait("document.getElementById('count').textContent === "
           "'1100 phones, 0 recovered; the 1024 with the newest news are shown, and 76 more are not'", 30, 'the others')
    assert b.eval('document.title').startswith('0 of 1100 recovered'), b.eval('document.title')
    assert b.eval("document.querySelectorAll('#phones li').length") == 1024
    assert '\nreflashd_phones_not_shown 76\n' in b.eval("fetch('/metrics').then(r => r.text())"), 'the metrics do not tell'


def hostile(b):
    b.wait("document.querySelectorAll('#phones li').length >= 1", 20, 'the phone')
    b.wait("document.getElementById('phones').textContent.includes('<script>')", 20, 'its words as text')
    b.eval("document.getElementById('f-severity').value = '0'; document.getElementById('filter').dispatchEvent(new Event('input'))")
    b.wait("document.getElementById('events').textContent.includes('<img src=x')", 20, 'the name of a file as text')
    assert b.eval("document.querySelectorAll('body script, img, iframe, object, embed, #main a').length") == 0, 'markup came in'
    assert b.eval('typeof window.hurt') == 'undefined', 'a script ran'
    assert not b.eval(r"/[\u0000-\u0008\u200e\u200f\u202a-\u202e]/.test(document.body.textContent)"), 'bytes that turn text around'
    b.picture('hostile')
    # And the shield behind that: a script that got in would not run.
    b.eval("{ const s = document.createElement('script'); s.textContent = 'window.hurt = 1'; document.body.append(s); const d = document.createElement('div'); d.innerHTML = '<img src=x onerror=\"window.hurt = 2\">'; document.body.append(d); 0 }")
    time.sleep(0.5)
    assert b.eval('typeof window.hurt') == 'undefined', 'the policy lets scripts run'
    assert any('Content Security Policy' in c for c in b.complaints), b.complaints
    b.complaints = [c for c in b.complaints if 'Content Security Policy' not in c]
    b.requests = [r for r in b.requests if not r.endswith('/x')]


b = Browser()
try:
    b.ask('Page.navigate', url=URL)
    b.wait("document.getElementById('connection') && document.getElementById('connection').textContent.includes('Live')", 20, 'a live page')
    {'watch': watch, 'hostile': hostile, 'away': away}[MODE](b)
    foreign = [r for r in b.requests if not r.startswith(URL) and not r.startswith('data:')]
    assert not foreign, foreign
    assert not b.complaints, b.complaints
finally:
    b.close()
