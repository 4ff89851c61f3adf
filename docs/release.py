"""What a release needs besides a build; the workflow ``release`` runs this.

``python docs/release.py --tag v0.2.0`` ends with a sentence unless the tag, the version, the head
of the changelog and the citation say the same. ``python docs/release.py --source ADDRESS --at REF``
writes the address of the repository into what is published: as a link of the package, and into the
first page, whose links lead nowhere on the page of a package index as long as they are relative.
"""

import argparse
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = re.compile(r"^## (\S+), (\d{4}-\d\d-\d\d|not yet released)$", re.MULTILINE)
RELATIVE = re.compile(r"\]\((?!https?:|mailto:|#)([^)]+)\)")
PICTURES = (".svg", ".png")


def said_versions(root):
    """Return the version that each file says, by the name of the file."""
    package = (root / "symlib" / "__init__.py").read_text(encoding="utf-8")
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "pyproject.toml": project["version"],
        "symlib/__init__.py": _found(r'^__version__ = "(.+)"$', package),
        "CITATION.cff": _found(r"^version: (\S+)", citation),
        "CHANGELOG.md": _found(HEAD, changelog),
    }


def said_dates(root):
    """Return the dates of the newest version in the changelog and in the citation, or nothing."""
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    head = HEAD.search(changelog)
    date = head[2] if head and head[2] != "not yet released" else ""
    return {"CHANGELOG.md": date, "CITATION.cff": _found(r'^date-released: "?([\d-]+)', citation)}


def _found(pattern, text):
    found = re.search(pattern, text, flags=0 if isinstance(pattern, re.Pattern) else re.MULTILINE)
    return found[1] if found else ""


def faults_of(root, tag=""):
    """Return a sentence for each thing that the files do not agree on, or that no release has."""
    versions = said_versions(root)
    dates = said_dates(root)
    faults = []
    for what, said in (("version", versions), ("date", dates)):
        if len(set(said.values())) > 1:
            words = ", ".join(f"{name} {one or 'none'}" for name, one in said.items())
            faults.append(f"the files must say the same {what}, got {words}")
    if tag:
        version = versions["pyproject.toml"]
        if tag != f"v{version}":
            faults.append(f"the tag must be v{version}, the version in pyproject.toml, got {tag}")
        if not dates["CHANGELOG.md"]:
            faults.append(f"CHANGELOG.md must say the date of {version}, got 'not yet released'")
    return faults


def with_address(project, source):
    """Return the text of pyproject.toml with a link to the repository, if it has none."""
    if "urls" in tomllib.loads(project)["project"]:
        return project
    return f'{project}\n[project.urls]\nSource = "{source}"\n'


def with_whole_links(page, source, ref):
    """Return the text of the first page, with links that work wherever it is read."""

    def whole(link):
        kind = "raw" if link[1].endswith(PICTURES) else "blob"
        return f"]({source}/{kind}/{ref}/{link[1]})"

    return RELATIVE.sub(whole, page)


def write_address(root, source, ref):
    """Write the address of the repository into what is published."""
    project = root / "pyproject.toml"
    page = root / "README.md"
    text = with_address(project.read_text(encoding="utf-8"), source)
    project.write_text(text, encoding="utf-8")
    text = with_whole_links(page.read_text(encoding="utf-8"), source, ref)
    page.write_text(text, encoding="utf-8")


def main():
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tag", default="", help="the tag of the release")
    parser.add_argument("--source", default="", help="the address of the repository")
    parser.add_argument("--at", default="main", help="the commit that links lead to")
    asked = parser.parse_args()
    if asked.source:
        write_address(ROOT, asked.source, asked.at)
    elif faults := faults_of(ROOT, asked.tag):
        raise SystemExit("; ".join(faults))


if __name__ == "__main__":
    main()
