"""Together: the scripts of the gallery on all cores, with no wait between its parts.

Sphinx-gallery runs the scripts of one folder after those of another, and at the end of each folder
there are cores with nothing to do. So all scripts are run before it, by its own function; when it
comes to a script, it is given what that has returned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import symlib_gallery
from sphinx.application import Sphinx
from sphinx.util.display import status_iterator
from sphinx_gallery import gen_rst
from sphinx_gallery.utils import get_md5sum

_original = gen_rst.generate_file_rst


def stale_scripts(root: Path, built: Path) -> list[Path]:
    """Return the scripts that are not what they were when they were last run."""
    return [
        script
        for script in sorted(root.glob("gallery/*/plot_*.py"))
        if not (seen := built / script.parent.name / f"{script.name}.md5").exists()
        or seen.read_text() != get_md5sum(script, mode="t")
    ]


def run(app: Sphinx) -> None:
    """Run all scripts, and keep what comes out; a live build with at most one leaves it alone."""
    conf = app.config.sphinx_gallery_conf
    processes, conf["parallel"] = conf["parallel"], False
    root, built = Path(app.confdir).parent, Path(app.srcdir, "gallery")
    if app.tags.has("live") and len(stale_scripts(root, built)) < 2:
        return
    from joblib import Parallel, delayed  # here, as its import takes its time

    tasks = {}
    for page in symlib_gallery.path_of_pages():
        folder, name = page.split("/")
        (built / folder / "images" / "thumb").mkdir(parents=True, exist_ok=True)
        tasks[folder, f"{name}.py"] = (built / folder, root / "gallery" / folder, conf)
    said = f"running the gallery in {processes} processes... "
    told = status_iterator(tasks, said, length=len(tasks), stringify_func="/".join)
    answers = Parallel(processes, batch_size=1, pre_dispatch="n_jobs")(
        delayed(_original)(name, *tasks[folder, name]) for folder, name in told
    )
    known = dict(zip(tasks, answers, strict=True))

    def recall(fname: Any, target_dir: Any, src_dir: Any, gallery_conf: Any) -> Any:
        """Return what the run of a script has returned."""
        return known[Path(src_dir).name, str(fname)]

    gen_rst.generate_file_rst = recall


def forget(app: Sphinx) -> None:
    """Give sphinx-gallery its function back."""
    gen_rst.generate_file_rst = _original


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # Sphinx has noted the configuration by now; if it noted another one, it would write all pages
    app.connect("builder-inited", run, priority=400)
    app.connect("builder-inited", forget, priority=600)  # the gallery is made at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
