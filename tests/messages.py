"""Every error message of the product, found in its source: tests/messages.txt has them all, for a reviewer to read.

A message is an argument of an exception, of a `Finding`, a `Problem` or a result of the doctor, a text on stderr, or an
argument of a function that passes it on as one of these. What an f-string inserts is shown in braces.

Usage: python -m tests.messages        writes tests/messages.txt
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "messages.txt"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = tuple[Function | None, str, ast.Call]
Position = tuple[int, str]
"""Index and name of the parameter that is a message."""

FIRST: Position = (0, "detail")
KEYWORD_ONLY = 99
KNOWN: Mapping[str, frozenset[Position]] = {
    "CallRefused": frozenset({(1, "detail")}),
    "Finding": frozenset({(1, "detail")}),
    "Problem": frozenset({(2, "text"), (3, "remedy")}),
    "Range": frozenset({(KEYWORD_ONLY, "error")}),
    "ValidationError": frozenset({(0, "message")}),
    "abort": frozenset({(1, "description")}),
    "error_response": frozenset({(1, "detail")}),
    "_error_page": frozenset({(1, "text")}),
    "fail": frozenset({(0, "what"), (1, "repair")}),
    "warn": frozenset({(0, "what"), (1, "repair")}),
}
"""Functions and classes that take messages, besides exceptions."""
COMMANDS = frozenset({"CommandError", "CommandFailed", "CommandTimeout", "MissingProgram", "BrokenConnection"})
"""Errors whose first argument is the command that failed."""
TABLES = re.compile(r"_?(\w+_)?MESSAGES|_EXPECTED|(default_)?error_messages")
"""Names of mappings whose values are messages."""


@dataclass(frozen=True, slots=True)
class Module:
    """A source file: its syntax tree and all nodes of that, its functions, and the constants that it has or imports."""

    path: str
    tree: ast.Module
    nodes: Sequence[ast.AST]
    functions: Mapping[str, Function]
    constants: dict[str, ast.expr]


@dataclass(slots=True)
class Source:
    """All modules, and what takes messages: private functions by module and name, all others by name."""

    modules: list[Module]
    takers: dict[str, frozenset[Position]]

    def positions(self, module: Module, name: str) -> frozenset[Position]:
        """Return the parameters of `name` that are messages."""
        return self.takers.get(f"{module.path}:{name}", frozenset()) | self.takers.get(name, frozenset())

    def add(self, module: Module, name: str, position: Position) -> bool:
        """Note that a parameter is a message; return True if that was unknown."""
        key = f"{module.path}:{name}" if name.startswith("_") else name
        known = self.takers.get(key, frozenset())
        self.takers[key] = known | {position}
        return position not in known


def read_source(root: Path) -> Source:
    """Read the package, and find everything that takes messages."""
    modules = [_read(path, path.relative_to(root.parent).as_posix()) for path in sorted(root.rglob("*.py"))]
    constants = {name: value for module in modules for name, value in module.constants.items() if name.isupper()}
    for module in modules:
        imports = [node for node in module.nodes if isinstance(node, ast.ImportFrom)]
        names = {alias.name for node in imports for alias in node.names}
        module.constants.update({name: constants[name] for name in names & constants.keys()})
    source = Source(modules, dict(KNOWN))
    for name in _error_classes(modules):
        source.takers[name] = frozenset({(1, "detail")} if name in COMMANDS else {FIRST})
    while any([_pass_on(source, module) for module in modules]):  # noqa: C419 - each round reads all modules
        pass
    return source


def messages(source: Source) -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each module that has messages, and these, sorted."""
    for module in source.modules:
        found = {text for text in _texts(source, module) if re.search(r"[A-Za-z]{2}", _literal(text))}
        if found:
            yield module.path, sorted(found)


def write_messages(source: Source) -> str:
    """Return the text of tests/messages.txt."""
    return "\n".join("\n".join([path, *(f"    {text}" for text in texts), ""]) for path, texts in messages(source))


def _read(path: Path, name: str) -> Module:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = list(ast.walk(tree))
    functions = {node.name: node for node in nodes if isinstance(node, Function)}
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    return Module(name, tree, nodes, functions, {name: value for body in bodies for name, value in _assignments(body)})


def _assignments(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    for node in nodes:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        yield from ((target.id, value) for target in targets if value and isinstance(target, ast.Name))


def _error_classes(modules: Iterable[Module]) -> set[str]:
    """Return the names of exception classes of the product, and of those from elsewhere that are raised."""
    nodes = [node for module in modules for node in module.nodes]
    found = {_name(node.exc.func) for node in nodes if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)}
    found = {name for name in found if name[:1].isupper()} | {"ApplianceError", "ClickException", "UsageError"}
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    while more := {node.name for node in classes if found & set(map(_name, node.bases))} - found:
        found |= more
    return found


@functools.cache
def _scopes(tree: ast.Module) -> list[Scope]:
    """Return each call with the function around it and the name of what is called; `super()` is its class."""

    found: list[Scope] = []

    def walk(node: ast.AST, function: Function | None, bases: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                is_super = _name(child.func) == "__init__" and ast.unparse(child.func) == "super().__init__"
                found.append((function, bases if is_super else _name(child.func), child))
            is_class = isinstance(child, ast.ClassDef)
            inner = _name(child.bases[0]) if isinstance(child, ast.ClassDef) and child.bases else bases
            walk(child, child if isinstance(child, Function) else None if is_class else function, inner)

    walk(tree, None, "")
    return found


def _arguments(source: Source, module: Module) -> Iterator[tuple[Function | None, ast.expr]]:
    """Yield the arguments that are messages, each with the function around it."""
    for function, name, call in _scopes(module.tree):
        for index, keyword in source.positions(module, name):
            named = [argument.value for argument in call.keywords if argument.arg == keyword]
            yield from ((function, argument) for argument in named + call.args[index : index + 1])
        if name == "echo" and any(argument.arg == "err" for argument in call.keywords):
            yield function, call.args[0]


def _pass_on(source: Source, module: Module) -> bool:
    """Find functions that pass a parameter on as a message; return True if there is a new one."""
    found = False
    for function, argument in list(_arguments(source, module)):
        names = _parameters(function)
        if function and isinstance(argument, ast.Name) and argument.id in names and function.name != "__init__":
            index = names.index(argument.id) - (names[0] in ("self", "cls"))
            found = source.add(module, function.name, (index, argument.id)) or found
    return found


def _texts(source: Source, module: Module) -> Iterator[str]:
    for function, argument in _arguments(source, module):
        yield from _render(module, function, argument)
    for name, table in module.constants.items():
        if TABLES.fullmatch(name) and isinstance(table, ast.Dict):
            for key, value in zip(table.keys, table.values, strict=True):
                yield from _render(module, None, value) if key else ()


def _render(module: Module, function: Function | None, value: ast.expr, depth: int = 5) -> Iterator[str]:
    """Yield the texts that an expression may be, as in the source, on one line each."""
    match value:
        case ast.Constant(value=str(text)):
            yield text.replace("\n", "\\n")
        case ast.JoinedStr(values=pieces):
            yield "".join(text for piece in pieces for text in _render(module, function, piece, 0))
        case ast.FormattedValue(value=inner, conversion=conversion):
            yield f"{{{ast.unparse(inner)}{f'!{chr(conversion)}' if conversion > 0 else ''}}}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            both = (_render(module, function, side, depth) for side in (left, right))
            yield from map("".join, itertools.product(*both))
        case _:
            alternatives = _alternatives(module, function, value) if depth else []
            for inside, alternative in alternatives:
                yield from _render(module, inside, alternative, depth - 1)
            if not alternatives:
                yield f"{{{ast.unparse(value)}}}"


def _alternatives(module: Module, function: Function | None, value: ast.expr) -> list[tuple[Function | None, ast.expr]]:
    """Return the expressions of which an expression is one, each with its function: branches, assignments, returns."""
    match value:
        case ast.IfExp(body=first, orelse=second):
            return [(function, first), (function, second)]
        case ast.BoolOp(values=values):
            return [(function, one) for one in values]
        case ast.Name(id=name):
            return [(function, one) for one in _values(module, function, name)]
        case ast.Call(func=ast.Name(id=name)) if name in module.functions:
            inside = module.functions[name]
            returns = [node.value for node in ast.walk(inside) if isinstance(node, ast.Return)]
            return [(inside, one) for one in returns if one]
    return []


def _values(module: Module, function: Function | None, name: str) -> list[ast.expr]:
    """Return what is assigned to a name: in the function, or else in the module."""
    local = [value for known, value in _assignments(ast.walk(function)) if known == name] if function else []
    return local or (
        [] if name in _parameters(function) else [module.constants[name]] if name in module.constants else []
    )


def _parameters(function: Function | None) -> list[str]:
    return [argument.arg for argument in function.args.posonlyargs + function.args.args] if function else []


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _literal(text: str) -> str:
    """Return the text without what is inserted, which may have braces of its own."""
    while (shorter := re.sub(r"\{[^{}]*\}", "", text)) != text:
        text = shorter
    return text


if __name__ == "__main__":
    GOLDEN.write_text(write_messages(read_source(ROOT / "appliance")), "utf-8")
