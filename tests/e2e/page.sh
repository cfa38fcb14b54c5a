#!/bin/sh
# page.sh BUILD PYTHON PROGRAMS: what can be said of a page without a browser: one file, nothing loaded, the policy's
# hashes are those of what is in it, its data are the report's, names that are markup are inert, writing is all or nothing.
# (tests/page/ opens pages in Chromium: ./build.sh test-page.)
set -eu
shapebox=$PWD/$1/shapebox
python=$2
programs=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() { echo "$*"; bad=$((bad + 1)); }
cd "$work"

OMP_NUM_THREADS=1 "$shapebox" run --quiet --output hostile -- "$python" "$programs/hostile_names.py" >out 2>err && wrong "hostile_names.py was to fail"
"$shapebox" page hostile -o page.html >out || wrong "page: status $?"
[ "$(cat out)" = page.html ] || wrong "page names another file: $(cat out)"
"$shapebox" report hostile --format json >report.json || true
COLUMNS=100 "$shapebox" report hostile >report.txt || true
cat >check.py <<'PYTHON'
import base64, hashlib, html.parser, json, re, sys

page = open("page.html", encoding="utf-8", newline="").read()
report = json.load(open("report.json"))
wrong = []


class Elements(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.open = [], {}, []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(len(self.tags) - 1)

    def handle_endtag(self, tag):
        while self.open and self.tags[self.open.pop()][0] != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


parsed = Elements()
parsed.feed(page)
allowed = {"html", "head", "meta", "title", "style", "body", "header", "span", "button", "main", "h1", "footer", "details", "summary", "pre", "script"}
for tag, attributes in parsed.tags:
    if tag not in allowed:
        wrong.append(f"an element <{tag}> from nowhere")
    for name, value in attributes.items():
        if name.startswith("on") or name in ("src", "href", "style"):
            wrong.append(f"<{tag} {name}={value!r}>")
by_id = {attributes.get("id"): parsed.texts.get(i, "") for i, (tag, attributes) in enumerate(parsed.tags)}
scripts = [parsed.texts.get(i, "") for i, (tag, a) in enumerate(parsed.tags) if tag == "script" and "type" not in a]
styles = [parsed.texts.get(i, "") for i, (tag, a) in enumerate(parsed.tags) if tag == "style"]
policy = next(a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
if not policy.startswith("default-src 'none'; ") or "unsafe" in policy or "http" in policy:
    wrong.append(f"policy: {policy}")
for kind, texts in (("script", scripts), ("style", styles)):
    digest = base64.b64encode(hashlib.sha256(texts[0].encode()).digest()).decode()
    if len(texts) != 1 or f"{kind}-src 'sha256-{digest}'" not in policy:
        wrong.append(f"{len(texts)} {kind}; the policy doesn't allow the one that is there")
for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
    if word in scripts[0]:
        wrong.append(f"the script uses {word}")
data = json.loads(by_id["data"])
if data["reports"][0] != report:
    wrong.append("the page's report is not the report")
if by_id["headline"] != " ".join(report["failure"]["headline"].split()) and "\\u202e" not in by_id["headline"]:
    wrong.append(f"headline: {by_id['headline']!r}")
age = re.compile(r"ended .* ago|ran .* s,")
shown, told = age.sub("", by_id["text"]), age.sub("", open("report.txt", encoding="utf-8").read())
if shown != told:
    wrong.append("the text in the page is not the report's:\n" + shown + "\n---\n" + told)
if "onerror=alert" not in json.dumps(data) or "\u202e" in by_id["text"]:
    wrong.append("the hostile names are not in it, or not made visible")
log = data["log"]
if log["count"] < 1 or any(len(log[c]) != log["count"] for c in ("event", "step", "operation", "operands", "outputs", "at", "status", "ms")):
    wrong.append("the log's columns differ in length")
names = [log["strings"][i] for i in log["operation"]]
if "aten::cat" not in names:
    wrong.append(f"aten::cat is not in the log: {names}")
print("\n".join(wrong))
sys.exit(bool(wrong))
PYTHON
"$python" check.py || wrong "the page is wrong"

# Its language.
"$shapebox" page hostile --lang zh -o - | grep -q '<html lang="zh">' || wrong "--lang zh: not Chinese"
SHAPEBOX_LANG=zh_CN.UTF-8 "$shapebox" page hostile -o - | grep -q '<html lang="zh">' || wrong "SHAPEBOX_LANG: not Chinese"
SHAPEBOX_LANG=fr "$shapebox" page hostile -o - | grep -q '<html lang="en">' || wrong "SHAPEBOX_LANG=fr: not English"
"$shapebox" page hostile --lang fr -o - >out 2>err && wrong "--lang fr was taken"
grep -q "'fr'" err || wrong "the error doesn't name the language: $(cat err)"

# All or nothing; other files stay.
before=$(cat page.html | cksum)
(ulimit -f 8; "$shapebox" page hostile -o page.html >out 2>err) && wrong "a page was written past the limit"
[ "$(cat page.html | cksum)" = "$before" ] || wrong "a failed page spoiled the old one"
mkdir folder
"$shapebox" page hostile -o folder >out 2>err && wrong "a directory was overwritten"
"$shapebox" page hostile -o nowhere/page.html >out 2>err && wrong "a page was written into no directory"
grep -q 'nowhere/page.html' err || wrong "the error doesn't name the file: $(cat err)"
[ -z "$(ls | grep 'page.html\.')" ] || wrong "left behind: $(ls)"
"$shapebox" page hostile -o - | grep -q '</html>' || wrong "-o - doesn't write to standard output"
[ "$bad" = 0 ]
