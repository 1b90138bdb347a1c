"""Message packages that this package can use and that may be missing, built from interfaces/.

The messages there have the fields of the packages' own, those of foxglove_msgs only the fields that
its versions share. Those of vision_msgs and hri_msgs are therefore the same on the wire;
test_detections.py compares the type hashes of vision_msgs.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

import pytest

INTERFACES = Path(__file__).parent / "interfaces"
DEPENDENCIES = {
    "foxglove_msgs": ("builtin_interfaces",),
    "hri_msgs": ("std_msgs",),
    "vision_msgs": ("geometry_msgs", "std_msgs"),
}

CMAKE_LISTS = """\
cmake_minimum_required(VERSION 3.20)
project({package})
find_package(ament_cmake REQUIRED)
find_package(rosidl_default_generators REQUIRED)
foreach(dependency {dependencies})
  find_package(${{dependency}} REQUIRED)
endforeach()
rosidl_generate_interfaces(${{PROJECT_NAME}} {messages} DEPENDENCIES {dependencies})
# Together: most of the time goes into the headers that they all include.
foreach(kind typesupport_cpp typesupport_fastrtps_c typesupport_fastrtps_cpp)
  if(TARGET ${{PROJECT_NAME}}__rosidl_${{kind}})
    set_target_properties(
      ${{PROJECT_NAME}}__rosidl_${{kind}} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
endforeach()
ament_package()
"""
PACKAGE_XML = """\
<package format="3">
  <name>{package}</name>
  <version>0.0.0</version>
  <description>Stands in for a package that is not installed.</description>
  <maintainer email="nobody@example.com">nobody</maintainer>
  <license>Apache-2.0</license>
  {depends}
  <member_of_group>rosidl_interface_packages</member_of_group>
  <export><build_type>ament_cmake</build_type></export>
</package>
"""


def provide(package: str, cache: Path) -> None:
    """Makes a package's messages importable, here and in the processes that are started from here.

    The installed package is taken where there is one. Otherwise it is built, once for a cache.
    """
    if find_spec(package):
        return
    with _alone(cache / f"{package}.lock"):
        prefix = _built(package, cache)
    (python,) = (path.parents[2] for path in prefix.rglob(f"{package}/msg/__init__.py"))
    libraries = prefix / "lib"
    sys.path.append(str(python))
    invalidate_caches()
    # The dynamic loader looks at its path only as a process starts.
    for library in sorted(libraries.glob("*.so")):
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    for variable, folder in (("PYTHONPATH", python), ("LD_LIBRARY_PATH", libraries)):
        os.environ[variable] = ":".join(filter(None, (os.environ.get(variable), str(folder))))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time: tests that run side by side have one cache."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _built(package: str, cache: Path) -> Path:
    """The prefix that the package is installed to."""
    if not shutil.which("cmake"):
        pytest.skip(f"{package} is not installed, and without cmake it cannot be built")
    files = {
        f"msg/{file.name}": file.read_text()
        for file in sorted((INTERFACES / package / "msg").glob("*.msg"))
    }
    names = {
        "package": package,
        "messages": " ".join(files),
        "dependencies": " ".join(DEPENDENCIES[package]),
        "depends": "\n  ".join(f"<depend>{name}</depend>" for name in DEPENDENCIES[package]),
    }
    files["CMakeLists.txt"] = CMAKE_LISTS.format(**names)
    files["package.xml"] = PACKAGE_XML.format(**names)
    prefixes = os.environ["AMENT_PREFIX_PATH"].split(":")
    distro = os.environ["ROS_DISTRO"]  # another one may later be in the same folders
    made_from = repr((files, distro, prefixes, sys.version))
    folder = cache / f"{package}-{hashlib.sha256(made_from.encode()).hexdigest()[:16]}"
    prefix, complete = folder / "install", folder / "complete"
    if complete.exists():
        return prefix
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    build = str(folder / "build")
    for command in (
        [
            *("cmake", "-S", str(folder / "source"), "-B", build),
            f"-DCMAKE_INSTALL_PREFIX={prefix}",
            f"-DCMAKE_PREFIX_PATH={';'.join(prefixes)}",
            f"-DPython3_EXECUTABLE={sys.executable}",
            "-DCMAKE_INSTALL_RPATH=$ORIGIN",
        ],
        ["cmake", "--build", build, "--target", "install", "--parallel", "2"],
    ):
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout + finished.stderr
    complete.touch()
    return prefix
