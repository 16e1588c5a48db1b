"""What the style tools share: the project's sources, and C text without its comments and literals."""

import os
import re

TOPS = ("core", "ops", "io", "tools", "bench", "tests")
SUFFIXES = (".c", ".h", ".cc")

_TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


class Source:
    """One file: `text` as it stands, `code` with comments and literals blanked, `comments` with all else
    blanked. All three have the same lines."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as stream:
            self.text = stream.read()
        self.lines = self.text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.code = _TOKEN.sub(lambda m: _blank(m.group(0)), self.text)
        self.comments = self._only_comments()

    def _only_comments(self):
        kept = []
        end = 0
        for match in _TOKEN.finditer(self.text):
            kept.append(_blank(self.text[end:match.start()]))
            token = match.group(0)
            kept.append(token if token.startswith("/") else _blank(token))
            end = match.end()
        kept.append(_blank(self.text[end:]))
        return "".join(kept)

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def includes(self):
        """(line, quoted or not, name) of each #include that is not in a comment."""
        for match in _INCLUDE.finditer(self.text):
            if self.code[match.start():match.end()].lstrip().startswith("#"):
                yield self.line_of(match.start(1)), match.group(1) == '"', match.group(2)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def read_sources(root):
    sources = []
    for top in TOPS:
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "build")))
            for name in sorted(names):
                if name.endswith(SUFFIXES):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    sources.append(Source(root, path))
    return sources


def resolve(known, path, name):
    """The project's file that `#include "name"` in `path` means, or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in (os.path.normpath(name), beside):
        if candidate in known:
            return candidate
    return None


def find_cycle(edges):
    """One cycle of the graph {node: iterable of nodes} as a list that ends where it begins, or None."""
    done = set()
    for start in sorted(edges):
        trail, on_trail = [], set()
        stack = [(start, iter(sorted(edges.get(start, ()))))]
        if start in done:
            continue
        trail.append(start)
        on_trail.add(start)
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                done.add(node)
                on_trail.discard(trail.pop())
            elif following in on_trail:
                return trail[trail.index(following):] + [following]
            elif following not in done:
                trail.append(following)
                on_trail.add(following)
                stack.append((following, iter(sorted(edges.get(following, ())))))
    return None
