#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make mutate FILE=src/dhcp/lease.c [N=100]: would the unit tests see a small mistake?

Changes one operator or constant of the file at a time, builds that object alone, links it into the
unit tests that run its lines, and runs them. A change that no test minds is a survivor: a test is
missing, or the change means the same (mutants.txt says which and why).

Which tests run a file is found with gcov from the build of make coverage, so that goes first. N takes a
sample of that size, the same one every time; called by itself, -l 46,78 takes these lines only and -v
shows each mutant.
"""
import argparse, json, os, random, re, shutil, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
B = os.environ.get("B", "build")
WORK = os.path.join(B, "mutate")
KNOWN = os.path.join(ROOT, "tests/checkers/mutants.txt")

SWAPS = [  # token, what stands there instead
    ("<=", ["<"]), (">=", [">"]), ("==", ["!="]), ("!=", ["=="]), ("&&", ["||"]), ("||", ["&&"]),
    ("<<", [">>"]), (">>", ["<<"]), ("++", ["--"]), ("--", ["++"]), ("+=", ["-="]), ("-=", ["+="]),
    ("|=", ["&="]), ("&=", ["|="]), ("<", ["<="]), (">", [">="]), ("+", ["-"]), ("-", ["+"]),
    ("*", ["/"]), ("/", ["*"]), ("%", ["/"]), ("&", ["|"]), ("|", ["&"]), ("!", [""]),
]
TOKEN = re.compile(
    r"""(?P<skip>/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|^[ \t]*\#(?:\\\n|[^\n])*)
      |(?P<word>[A-Za-z_]\w*)|(?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
      |(?P<op>->|\.\.\.|<<=|>>=|<=|>=|==|!=|&&|\|\||<<|>>|\+\+|--|\+=|-=|\*=|/=|%=|\|=|&=|\^=|[-+*/%<>&|!=~^?:;,.(){}\[\]])
      |(?P<other>\s+|.)""", re.S | re.M | re.X)


def mutants(text, run_lines):
    """(offset, old, new) of every change in a line that the tests run."""
    found, before, depth = [], "", 0
    for t in TOKEN.finditer(text):
        kind, s, at = t.lastgroup, t.group(), t.start()
        if kind == "skip" or (kind == "other" and s.isspace()):
            continue
        depth += (s == "{") - (s == "}")
        line = text.count("\n", 0, at) + 1
        operand = bool(re.match(r"[\w)\]]", before[-1:])) and before not in ("return", "case", "sizeof")
        if depth and line in run_lines:
            if kind == "op":
                for token, news in SWAPS:
                    if token != s:
                        continue
                    if s in "+-*&" and not operand:
                        break  # a sign, a pointer or an address
                    if s == "*" and re.match(r"[a-zA-Z_]", before) and re.search(
                            r"\b(struct \w+|char|void|\w+_t|int|unsigned|const) $", text[max(0, at - 40):at]):
                        break  # a declaration
                    found += [(at, s, n) for n in news]
            elif kind == "number" and before != "[":
                value = int(re.sub(r"[uUlL]+$", "", s), 0)
                found.append((at, s, str(value + 1) + re.sub(r"^[0-9a-fA-FxX]*?(?=[uUlL]*$)", "", s)))
            elif kind == "word" and s in ("true", "false"):
                found.append((at, s, "false" if s == "true" else "true"))
            elif kind == "word" and s in ("continue", "break") and text[t.end()] == ";":
                found.append((at, s, ""))
        before = s
    return found


def run(cmd, seconds, **more):
    try:
        return subprocess.run(cmd, timeout=seconds, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              **more).returncode
    except subprocess.TimeoutExpired:
        return "late"


def make(*goals):
    """What make would run for these goals, as a list of shell lines."""
    out = subprocess.run(["make", "-n", "V=1", "B=" + WORK, "CFLAGS=-O0 -g0 -Wno-error", "HARDEN=-fPIE", *goals],
                         cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return out.replace("\\\n", " ").splitlines()


def lines_run(units, gcda_dir):
    """What each unit test runs, {test: [seconds, {file: [lines]}]}, kept until a test is built again."""
    kept = os.path.join(WORK, "who.json")
    newest = max(os.path.getmtime(os.path.join(gcda_dir, "unit", u)) for u in units)
    if os.path.exists(kept) and os.path.getmtime(kept) > newest:
        return json.load(open(kept))
    who = {}
    for u in units:
        for d, _, files in os.walk(gcda_dir):
            for f in files:
                if f.endswith(".gcda"):
                    os.remove(os.path.join(d, f))
        before = sum(os.times()[2:4])  # of the processor: a machine may have other work
        if run([os.path.join(gcda_dir, "unit", u)], 300) != 0:
            sys.exit(u + " fails without any change")
        took, files, source = sum(os.times()[2:4]) - before, {}, ""
        data = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(gcda_dir, "src")) for f in fs
                if f.endswith(".gcda")]
        out = subprocess.run(["gcov", "-t", *data], capture_output=True, text=True).stdout
        for l in out.splitlines():
            part = l.split(":", 3)
            if len(part) > 3 and part[1].strip() == "0" and part[2] == "Source":
                source = part[3]
            elif len(part) > 2 and re.match(r"\s*\d", part[0]):
                files.setdefault(source, []).append(int(part[1]))
        who[u] = [took, files]
    json.dump(who, open(kept, "w"))
    return who


def known_mutants():
    if not os.path.exists(KNOWN):
        return []
    rows = [l.rstrip("\n").split(" ", 3) for l in open(KNOWN) if l.strip() and l[0] != "#"]
    return [r for r in rows if len(r) == 4]  # FILE OLD NEW A-PIECE-OF-THE-LINE


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file", nargs="?")
    p.add_argument("-n", type=int, default=0, help="a sample of so many")
    p.add_argument("-l", default="", help="these lines only, as 46,78")
    p.add_argument("-t", type=float, default=0, help="end after so many seconds")
    p.add_argument("-v", action="store_true")
    a = p.parse_args()
    if not a.file:
        sys.exit("which file? make mutate FILE=src/dhcp/lease.c [N=100]")
    os.chdir(ROOT)
    gcda = os.path.abspath(os.path.join(B, "coverage"))
    units = sorted(f[:-2] for f in os.listdir("tests/unit") if re.fullmatch(r"test_\w+\.c", f))
    if not all(os.path.exists(os.path.join(gcda, "unit", u)) for u in units):
        sys.exit("make coverage first: its build says which test runs which line")
    stem = re.sub(r"\W.*", "", os.path.basename(a.file))
    os.makedirs(WORK, exist_ok=True)
    who = lines_run(units, gcda)
    covers = {u: (set(files[a.file]), took) for u, (took, files) in who.items() if a.file in files}
    if not covers:
        sys.exit("no unit test runs " + a.file)
    # The quick ones and those of the same name first: most mutants fall to them.
    order = sorted(covers, key=lambda u: (stem not in u and a.file.split("/")[1] not in u, covers[u][1]))
    order = [u for u in order if covers[u][1] < 5 or stem in u] or order[:1]
    goals = [os.path.join(WORK, "unit", u) for u in order]
    print("%s: run by %s" % (a.file, " ".join(order)), flush=True)
    base = [l for l in make("-W", a.file, os.path.join(WORK, a.file[:-2] + ".o"))
            if a.file[:-2] + ".o" in l and " -c " in l]
    if subprocess.run(["make", "-s", "-j2", "B=" + WORK, "CFLAGS=-O0 -g0 -Wno-error", "HARDEN=-fPIE", *goals],
                      stdout=subprocess.DEVNULL).returncode:
        sys.exit("the unit tests do not build")
    scratch = tempfile.mkdtemp(prefix="mutate.")
    object_file = os.path.join(scratch, "mutant.o")
    source_file = os.path.join(scratch, os.path.basename(a.file))
    text = open(a.file).read()
    cc = base[-1][base[-1].index(" && ") + 4:] if " && " in base[-1] else base[-1]
    cc = re.sub(r" -MMD -MP", "", cc)
    cc = re.sub(r" -o \S+ \S+$", "", cc)
    cc += " -w -I%s -o %s %s" % (os.path.dirname(a.file), object_file, source_file)
    links = {}
    for u in order:
        l = [x for x in make("-W", "tests/unit/%s.c" % u, os.path.join(WORK, "unit", u)) if " -pie " in x][-1]
        l = l[l.index(" && ") + 4:] if " && " in l else l
        program = os.path.join(scratch, u)
        l = re.sub(r" -o \S+ ", " -o %s %s " % (program, object_file), l, count=1)
        links[u] = (l, program)
    # The archive still has the true object; the linker takes the first definition it met.
    every = mutants(text, set().union(*(covers[u][0] for u in order)))
    if a.l:
        every = [m for m in every if str(text.count("\n", 0, m[0]) + 1) in a.l.split(",")]
    total = len(every)
    if a.n and a.n < total:
        every = sorted(random.Random(79).sample(every, a.n))
    known = known_mutants()
    killed = unbuilt = same = done = 0
    survivors = []
    started = time.time()
    for at, old, new in every:
        if a.t and time.time() - started > a.t:
            break
        line = text.count("\n", 0, at) + 1
        shown = text.splitlines()[line - 1].strip()
        if any(k[0] == a.file and k[1] == old and k[2] == (new or "-") and k[3] in shown for k in known):
            same += 1
            continue
        with open(source_file, "w") as f:
            f.write(text[:at] + new + text[at + len(old):])
        if run(["sh", "-c", cc], 60) != 0:
            unbuilt += 1
            continue
        done += 1
        dead = None
        for u in order:
            if line not in covers[u][0]:
                continue
            link, program = links[u]
            if run(["sh", "-c", link], 60) != 0:
                sys.exit("does not link: " + link)
            code = run([program], max(20, 20 * covers[u][1]))
            if code != 0:
                dead = u
                break
        if dead:
            killed += 1
        else:
            survivors.append((line, old, new, shown))
            print("  survived %s:%d  %s -> %s   %s" % (a.file, line, old, new or "nothing", shown), flush=True)
        if a.v and dead:
            print("  killed   %s:%d  %s -> %s by %s" % (a.file, line, old, new or "nothing", dead), flush=True)
    shutil.rmtree(scratch)
    print("%s: %d mutants of %d possible: %d killed, %d survived; %d mean the same, %d do not compile" %
          (a.file, done, total, killed, len(survivors), same, unbuilt))


main()
