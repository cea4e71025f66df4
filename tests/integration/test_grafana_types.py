"""Each dashboard against Grafana's own type of one: the compiler's word, not ours."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.grafana import FILES

TYPES = Path(__file__).parents[1] / "data" / "grafana" / "types"
PREFIX = Path(__file__).parents[2] / ".runtime" / "npm"
STRICT = "--noEmit --strict --skipLibCheck --moduleResolution bundler --module esnext --target es2022"


@pytest.fixture(scope="module")
def compiler() -> Path:
    """TypeScript with Grafana's types beside it, as package.json pins them; fetched once."""
    pinned = (TYPES / "package.json").read_text(encoding="utf-8")
    have = PREFIX / "package.json"
    found = PREFIX / "node_modules" / ".bin" / "tsc"
    if not found.exists() or have.read_text(encoding="utf-8") != pinned:
        npm = shutil.which("npm")
        assert npm, "no npm: apt-get install nodejs npm"
        PREFIX.mkdir(parents=True, exist_ok=True)
        have.write_text(pinned, encoding="utf-8")
        options = "--no-package-lock --ignore-scripts --no-audit --no-fund"
        done = subprocess.run(
            [npm, "install", *options.split()], cwd=PREFIX, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return found


def test_every_dashboard_is_one_to_grafanas_own_types(compiler: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(compiler.parents[1])
    shutil.copy(TYPES / "board.ts", tmp_path)
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        (tmp_path / f"{file.parent.name}-{file.stem}.ts").write_text(
            f'import type {{ Board }} from "./board";\nexport const board: Board = {text};\n',
            encoding="utf-8",
        )
    sources = sorted(each.name for each in tmp_path.glob("*.ts"))
    assert len(sources) == len(FILES) + 1
    done = subprocess.run(
        [compiler, *STRICT.split(), *sources], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
