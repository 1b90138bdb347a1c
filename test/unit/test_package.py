"""What the package says of itself: versions, dependencies, executables, launch and config files."""

import ast
import configparser
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

import emotion_recognition
from emotion_recognition.ros.launch_files.transport import profile_environment

ROOT = Path(__file__).resolve().parents[2]
PARAMETER_FILES = sorted((ROOT / "config").glob("*.yaml"))
SOURCES = sorted((ROOT / "emotion_recognition").rglob("*.py"))
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))
LAUNCH_PARTS = ROOT / "emotion_recognition" / "ros" / "launch_files" / "parts.py"

ROSDEP_KEYS = {
    "PIL": "python3-pil",
    "aiohttp": "python3-aiohttp",
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "rich": "python3-rich",
    "yaml": "python3-yaml",
}
#: Needed by some of the package only, and named by the error of whoever needs it.
OPTIONAL = {
    "foxglove_msgs",
    "hri_msgs",
    "matplotlib",
    "ncnn",
    "onnx",
    "onnxruntime",
    "pnnx",
    "skimage",
    "torch",
    "tqdm",
}


@pytest.fixture(scope="module")
def manifest() -> ElementTree.Element:
    return ElementTree.parse(ROOT / "package.xml").getroot()


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def imported_modules(file: Path) -> set[str]:
    """The top-level modules that a file imports anywhere."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    return modules


def test_versions_agree(
    manifest: ElementTree.Element, setup_cfg: configparser.ConfigParser
) -> None:
    assert manifest.findtext("version") == emotion_recognition.__version__
    assert setup_cfg["metadata"]["version"] == "attr: emotion_recognition.__version__"


def test_every_imported_package_is_declared(manifest: ElementTree.Element) -> None:
    declared = {item.text for tag in ("depend", "exec_depend") for item in manifest.iter(tag)}
    imported = set().union(*map(imported_modules, [*SOURCES, *LAUNCH_FILES]))
    needed = imported - set(sys.stdlib_module_names) - OPTIONAL - {"emotion_recognition"}
    assert {ROSDEP_KEYS.get(module, module) for module in needed} <= declared


def test_executables_have_a_main(setup_cfg: configparser.ConfigParser) -> None:
    scripts = setup_cfg["options.entry_points"]["console_scripts"].split("\n")[1:]
    assert {line.split(" = ")[0] for line in scripts} == {
        "emotion_node",
        "multi_camera_node",
        "video_source",
        "hri_bridge",
        "web_view",
        "emotion_demo",
        "emotion_recognition",
    }
    for line in scripts:
        module, function = line.split(" = ")[1].split(":")
        source = ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        assert function in {node.name for node in functions}


@pytest.mark.parametrize("file", [*LAUNCH_FILES, LAUNCH_PARTS], ids=lambda file: file.name)
def test_launch_arguments_are_described(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("ARGUMENTS"):
            for name, (default, description) in ast.literal_eval(node.value).items():
                assert name.isidentifier()
                assert default is None or isinstance(default, str)
                assert description.endswith(".")


@pytest.mark.parametrize("file", LAUNCH_FILES, ids=lambda file: file.name.split(".")[0])
def test_launch_file_loads(file: Path) -> None:
    pytest.importorskip("launch_ros.actions", reason="launch_ros is not on PyPI")
    names: dict[str, object] = {"__file__": str(file)}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)
    description = names["generate_launch_description"]()  # type: ignore[operator]
    found = {argument.name for argument in description.get_launch_arguments()}
    shared = {"namespace", "params_file", "image_topic", "image_transport", "backend", "autostart"}
    assert shared | {"publish_annotated_image", "web"} <= found


def test_the_example_includes_a_launch_file_with_arguments_that_it_has() -> None:
    example = (ROOT / "examples" / "robot.launch.py").read_text(encoding="utf-8")
    (given,) = (
        {ast.literal_eval(key) for key in node.keys if key}
        for node in ast.walk(ast.parse(example))
        if isinstance(node, ast.Dict)
    )
    (file,) = [name.name for name in LAUNCH_FILES if f'"{name.name}"' in example]
    assert file == "emotion_recognition.launch.py"  # it has the shared arguments alone
    (shared,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(LAUNCH_PARTS.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SHARED_ARGUMENTS"
    )
    assert {"namespace", "image_topic"} <= given <= set(shared)


def test_the_launch_example_loads() -> None:
    pytest.importorskip("launch_ros.actions", reason="launch_ros is not on PyPI")
    file = ROOT / "examples" / "robot.launch.py"
    names: dict[str, object] = {"__file__": str(file)}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)
    description = names["generate_launch_description"]()  # type: ignore[operator]
    assert {argument.name for argument in description.get_launch_arguments()} >= {"robot"}


def test_type_hints_are_marked_as_such(setup_cfg: configparser.ConfigParser) -> None:
    # CMakeLists.txt installs the whole folder; test_installation looks at what comes out.
    assert (ROOT / "emotion_recognition" / "py.typed").is_file()
    assert "py.typed" in setup_cfg["options.package_data"]["emotion_recognition"].split()


def test_transport_profile_holds_several_large_images() -> None:
    profile = ElementTree.parse(ROOT / "config" / "fastdds.xml")
    (size,) = (int(item.text or 0) for item in profile.iter() if item.tag.endswith("segment_size"))
    assert size >= 10 * 1280 * 720 * 3


def test_a_node_that_was_missed_at_first_is_announced_again_soon() -> None:
    profile = ElementTree.parse(ROOT / "config" / "fastdds.xml")
    (period,) = (item for item in profile.iter() if item.tag.endswith("leaseAnnouncement"))
    seconds, nanoseconds = (int(item.text or 0) for item in period)
    assert 0.1 <= seconds + nanoseconds / 1e9 <= 0.5


@pytest.mark.parametrize(
    ("distro", "variable"),
    [
        ("jazzy", "FASTRTPS_DEFAULT_PROFILES_FILE"),
        ("kilted", "FASTDDS_DEFAULT_PROFILES_FILE"),
        ("lyrical", "FASTDDS_DEFAULT_PROFILES_FILE"),
    ],
)
def test_transport_profile_is_selected_by_the_variable_of_the_distribution(
    monkeypatch: pytest.MonkeyPatch, distro: str, variable: str
) -> None:
    monkeypatch.setenv("ROS_DISTRO", distro)
    monkeypatch.delenv("FASTDDS_DEFAULT_PROFILES_FILE", raising=False)
    monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE", raising=False)
    assert profile_environment(Path("/profile.xml")) == {variable: "/profile.xml"}


@pytest.mark.parametrize("prefix", ["FASTDDS", "FASTRTPS"])
def test_a_transport_profile_of_the_user_stays(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setenv(f"{prefix}_DEFAULT_PROFILES_FILE", "/mine.xml")
    assert profile_environment(Path("/profile.xml")) == {}


@pytest.mark.parametrize("file", PARAMETER_FILES, ids=lambda file: file.stem)
def test_parameter_files_address_every_node_as_ros2_param_load_needs(file: Path) -> None:
    # Of keys with wildcards `ros2 param load` knows this one only, since Kilted.
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert list(content) == ["/**"]
    assert content["/**"]["ros__parameters"]


@pytest.mark.parametrize("file", PARAMETER_FILES, ids=lambda file: file.stem)
def test_no_parameter_file_drops_images_for_stamps_that_are_late(file: Path) -> None:
    # The stamps of some camera drivers are, by a second or more, and by the same for every image.
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert content["/**"]["ros__parameters"].get("max_age", 0.0) == 0.0
