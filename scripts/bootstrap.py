#!/usr/bin/env python3
"""Makes the environment that `make demo` and `make test` run in, and builds the package in it.

Where a ROS 2 is sourced (ROS_DISTRO is set and rclpy can be imported), that one is used. Otherwise
ROS 2 comes from PyPI's wheels into a virtual environment, .venv, which then also serves as ROS
prefix. Nothing outside the project's folder is changed. A second run only looks whether something
is missing or has changed. scripts/run runs a command in the result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: The distributions whose packages are on PyPI as wheels, github.com/ycheng517/ros-python-wheels.
#: The first is the default. It is named nowhere else: scripts/run reads it from this line.
WHEEL_DISTROS = ("jazzy", "kilted")

ROS_WHEELS = [
    "ament-cmake",
    "ament-cmake-include-directories",
    "ament-cmake-pytest",
    "ament-cmake-python",
    "ament-cmake-ros",
    "ament-package",
    "common-interfaces",
    "rclpy",
    "rmw-fastrtps-cpp",
    "rosidl-core-generators",
    "rosidl-default-generators",
]
ROS_WHEELS_OF_ONE_DISTRO = {
    "jazzy": ["ament-cmake-gmock", "ament-cmake-gtest", "python-cmake-module"],
    "kilted": ["ament-cmake-ros-core"],
}

# Module -> requirement. What can be imported already, from a ROS 2 of the system for example, is
# left alone.
BUILD = {
    "catkin_pkg": "catkin-pkg",
    "colcon_ros": "colcon-common-extensions",
    "setuptools": "setuptools<80",
}
DEMO = {
    "aiohttp": "aiohttp",
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "onnxruntime": "onnxruntime",
    "rich": "rich",
    "skimage": "scikit-image",
}
TEST = {
    "hypothesis": "hypothesis",
    "matplotlib": "matplotlib",
    "mypy": "mypy==2.4.1",
    "ncnn": "ncnn",
    "onnx": "onnx",
    "pnnx": "pnnx",
    "pytest": "pytest",
    "ruff": "ruff==0.17.6",
    "torch": "torch==2.13.0",
    "tqdm": "tqdm",
    "xdist": "pytest-xdist",
    "yaml": "PyYAML",
}

#: What a change of makes a new build necessary.
BUILD_INPUTS = ("package.xml", "CMakeLists.txt", "setup.cfg", "msg", "config", "examples", "launch")


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


class Workspace:
    """The folders of one ROS 2 distribution. Those of distro=None are the default ones."""

    def __init__(self, distro: str | None) -> None:
        self.suffix = "" if distro in (None, WHEEL_DISTROS[0]) else f"-{distro}"
        self.venv = ROOT / f".venv{self.suffix}"
        self.build = ROOT / f"build{self.suffix}"
        self.install = ROOT / f"install{self.suffix}"
        self.log = ROOT / f"log{self.suffix}"
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "made_for.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("purpose", choices=("build", "demo", "test"))
    parser.add_argument(
        "--distro",
        choices=WHEEL_DISTROS,
        help="use PyPI's wheels of this ROS 2 distribution, even where one is sourced; default "
        f"where none is: {WHEEL_DISTROS[0]}",
    )
    arguments = parser.parse_args()
    workspace = Workspace(arguments.distro)
    try:
        if arguments.distro is None and ros_is_sourced():
            environment = dict(os.environ)
            wheels = None
        else:
            environment = environment_without_ros()
            wheels = arguments.distro or WHEEL_DISTROS[0]
        make_venv(workspace, wheels, environment)
        install_missing(workspace, BUILD | DEMO | (TEST if arguments.purpose == "test" else {}))
        build(workspace, wheels, environment)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def ros_is_sourced() -> bool:
    """Whether a usable ROS 2 is set up in this shell, other than one that this script has made."""
    distro = os.environ.get("ROS_DISTRO")
    if distro is None:
        return False
    code = "import rclpy; print(rclpy.__file__)"
    rclpy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    if rclpy.returncode:
        print(
            f"ROS 2 {distro} is sourced but {sys.executable} cannot import its rclpy; "
            "trying PyPI's ROS 2 instead. To use yours: make PYTHON=/usr/bin/python3"
        )
        return False
    return not Path(rclpy.stdout.strip()).is_relative_to(ROOT)


def environment_without_ros() -> dict[str, str]:
    """The environment variables, without those of any ROS 2 or virtual environment."""
    of_ros = re.compile(
        r"(AMENT|CMAKE|COLCON)_PREFIX_PATH|COLCON_CURRENT_PREFIX|PYTHONPATH|LD_LIBRARY_PATH"
        r"|VIRTUAL_ENV|_?ROS_.*"
    )
    return {name: value for name, value in os.environ.items() if not of_ros.fullmatch(name)}


def is_there(command: str) -> bool:
    """Whether the program of a command is installed, which may have arguments: ccache g++."""
    return any(map(shutil.which, shlex.split(command)[:1]))


def require_tools(wheels: str | None) -> None:
    """Raises SetupError with one line that names the apt packages to install, if any is missing."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    here = {
        "cmake": shutil.which("cmake"),
        "g++": all(map(is_there, (os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")))),
        "make": shutil.which("make"),
        f"{python}-venv": find_spec("ensurepip") and find_spec("venv"),
        f"{python}-dev": (Path(sysconfig.get_path("include")) / "Python.h").is_file(),
    }
    if missing := [package for package, found in here.items() if not found]:
        raise SetupError(f"Missing build tools. Run: sudo apt-get install {' '.join(missing)}")
    if wheels is None:
        return
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise SetupError(
            f"PyPI has ROS 2 for x86-64 Linux only, this is {sys.platform} {platform.machine()}: "
            "install ROS 2 (https://docs.ros.org) and source its setup.bash."
        )
    if not (3, 10) <= sys.version_info[:2] <= (3, 14):
        raise SetupError(
            f"PyPI has ROS 2 for Python 3.10 to 3.14, this is {platform.python_version()}: "
            "run make with PYTHON=python3.12, for example."
        )


def make_venv(workspace: Workspace, wheels: str | None, environment: dict[str, str]) -> None:
    """Makes the virtual environment: on top of the sourced ROS 2, or with the wheels of one."""
    made_for = {
        "ros": f"wheels {wheels}" if wheels else f"sourced {os.environ['ROS_DISTRO']}",
        "python": platform.python_version(),
        "folder": str(workspace.venv),
    }
    if workspace.stamp.is_file() and json.loads(workspace.stamp.read_text()) == made_for:
        return
    require_tools(wheels)
    for folder in (workspace.venv, workspace.build, workspace.install):
        shutil.rmtree(folder, ignore_errors=True)
    options = [] if wheels else ["--system-site-packages"]
    step(
        f"Making {workspace.venv.name} with Python {platform.python_version()}",
        [sys.executable, "-m", "venv", *options, str(workspace.venv)],
        workspace,
        environment,
    )
    if wheels:
        names = ROS_WHEELS + ROS_WHEELS_OF_ONE_DISTRO[wheels]
        pip_install(
            workspace,
            f"Installing ROS 2 {wheels.capitalize()} from PyPI (needs about 320 MB)",
            [*(f"ros-{wheels}-{name}" for name in names), *BUILD.values(), "numpy", "pytest"],
        )
        repair_cmake_exports(workspace)
        write_ros_prefix(workspace, wheels)
    workspace.stamp.write_text(json.dumps(made_for, indent=2) + "\n")


def repair_cmake_exports(workspace: Workspace) -> None:
    """Makes the wheels' CMake files name this machine's headers, not their build container's."""
    include = output_of(workspace.python, "import sysconfig; print(sysconfig.get_path('include'))")
    numpy_include = output_of(workspace.python, "import numpy; print(numpy.get_include())")
    # CMake refuses to export include directories that lie inside the source tree, as .venv does.
    public = r"PUBLIC (\$\{Python3_INCLUDE_DIRS\}) (\$\{Python3_NumPy_INCLUDE_DIRS\})"
    replacements = {
        r"/opt/python/cp3\d+-cp3\d+t?/include/python3\.\d+t?": include,
        r"""[^\s;"']*/site-packages/numpy/_?core/include""": numpy_include,
        public: r'PUBLIC "$<BUILD_INTERFACE:\1;\2>"',
    }
    for file in workspace.venv.glob("share/*/cmake/*.cmake"):
        text = repaired = file.read_text()
        for pattern, replacement in replacements.items():
            repaired = re.sub(pattern, replacement, repaired)
        if repaired != text:
            file.write_text(repaired)


def write_ros_prefix(workspace: Workspace, wheels: str) -> None:
    """Makes the virtual environment a ROS prefix, as /opt/ros/*, for install/setup.bash."""
    venv = shlex.quote(str(workspace.venv))
    setup = f"""\
# The ROS 2 of this virtual environment, as /opt/ros/{wheels}/setup.bash.
export ROS_DISTRO={wheels} ROS_VERSION=2 ROS_PYTHON_VERSION=3 VIRTUAL_ENV={venv}
case ":$PATH:" in *:{venv}/bin:*) ;; *) export PATH={venv}/bin:"$PATH" ;; esac
case ":$AMENT_PREFIX_PATH:" in
  *:{venv}:*) ;;
  *) export AMENT_PREFIX_PATH={venv}"${{AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}}" ;;
esac
"""
    for shell in ("sh", "bash", "zsh"):
        for name in ("setup", "local_setup"):
            (workspace.venv / f"{name}.{shell}").write_text(setup)


def install_missing(workspace: Workspace, requirements: dict[str, str]) -> None:
    """Installs the requirements whose module cannot be found."""
    code = (
        "import sys; from importlib.util import find_spec; "
        "print(*(name for name in sys.argv[1:] if find_spec(name) is None))"
    )
    missing = output_of(workspace.python, code, *requirements).split()
    if missing:
        wanted = [requirements[module] for module in missing]
        pip_install(workspace, f"Installing {', '.join(wanted)}", wanted)


def pip_install(workspace: Workspace, title: str, requirements: list[str]) -> None:
    """Installs with pip. A NumPy that is there stays: the ROS packages are compiled for it."""
    code = (
        "from importlib.util import find_spec\n"
        "if find_spec('numpy'): import numpy; print(f'numpy=={numpy.__version__}')"
    )
    constraints = workspace.venv / "constraints.txt"
    constraints.write_text(output_of(workspace.python, code) + "\n")
    pip = [str(workspace.python), "-m", "pip", "install", "--constraint", str(constraints)]
    step(title, [*pip, *requirements], workspace, environment_without_ros())


def build(workspace: Workspace, wheels: str | None, environment: dict[str, str]) -> None:
    """Builds the package with colcon if its files have changed since the last build."""
    stamp = workspace.install / ".built_from"
    digest = digest_of_inputs()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    require_tools(wheels)
    environment = dict(environment)
    if wheels:
        prefix = str(workspace.venv)
        environment |= dict.fromkeys(
            ("VIRTUAL_ENV", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH"), prefix
        )
        environment["ROS_DISTRO"] = wheels
    environment["PATH"] = f"{workspace.venv / 'bin'}:{environment['PATH']}"
    command = [
        *(str(workspace.python), "-m", "colcon", "--log-base", workspace.log.name, "build"),
        *("--symlink-install", "--base-paths", ".", "--build-base", workspace.build.name),
        *("--install-base", workspace.install.name, "--event-handlers", "console_direct+"),
        *("--cmake-args", f"-DPython3_EXECUTABLE={workspace.python}"),
    ]
    step("Building the package", command, workspace, environment)
    stamp.write_text(digest)


def digest_of_inputs() -> str:
    """Changes with the files, and with the names only of Python files: those are symbolic links."""
    code = sorted(
        path
        for path in (ROOT / "emotion_recognition").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    contents = [ROOT / "emotion_recognition" / "__init__.py"]
    for name in BUILD_INPUTS:
        path = ROOT / name
        contents += sorted(path.rglob("*")) if path.is_dir() else [path]
    digest = hashlib.sha256(str(code).encode())
    for path in contents:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def step(title: str, command: list[str], workspace: Workspace, environment: dict[str, str]) -> None:
    """Runs a command with its output in a log file; prints what runs and how long it took.

    Raises SetupError with the end of the log if the command fails.
    """
    print(f"==> {title} ...", end=" ", flush=True)
    started = time.monotonic()
    workspace.log.mkdir(exist_ok=True)
    log = workspace.log / "bootstrap.log"
    with log.open("w") as output:
        print("$", shlex.join(command), file=output, flush=True)
        failed = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    print("failed" if failed else f"{time.monotonic() - started:.0f} s", flush=True)
    if failed:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise SetupError(f"{end}\n{title} failed; all of it is in {log.relative_to(ROOT)}")


def output_of(python: Path, code: str, *arguments: str) -> str:
    """What a piece of Python code prints in the virtual environment."""
    command = [str(python), "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
