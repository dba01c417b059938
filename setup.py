"""ament_python package: found by `colcon build`, `ros2 run` and `ros2 launch`, and installable with pip alone."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "ros_wam"
EXECUTABLES = [
    "sim_node",
    "camera_node",
    "robot_node",
    "policy_node",
    "policy_server",
    "teleop_node",
    "desk_node",
    "recorder_node",
    "trial_node",
    "doctor_node",
]


def tree(folder: str) -> list[tuple[str, list[str]]]:
    """Return data_files entries that install `folder` with its subfolders under share/ros_wam."""
    folders = [Path(folder), *(path for path in sorted(Path(folder).rglob("*")) if path.is_dir())]
    return [
        (f"share/{NAME}/{path.as_posix()}", sorted(str(file) for file in path.iterdir() if file.is_file()))
        for path in folders
        if path.name != "__pycache__"
    ]


setup(
    name=NAME,
    version="0.1.0",
    description="Deploy any VLA or world-action-model policy on a real robot and know why each trial ended as it did",
    license="Apache-2.0",
    maintainer="The ros_wam authors",
    maintainer_email="maintainers@ros-wam.invalid",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={NAME: ["py.typed", "desk/page/*"]},
    python_requires=">=3.10,<3.13",
    install_requires=[
        "numpy>=1.26",
        "pyyaml>=6.0",
        "msgpack>=1.0",
        "opencv-python-headless>=4.9",
        "mujoco>=3.17,<5",
        "ruckig>=0.19.4,<0.20",
        "websockets>=15",
        "pyzmq>=26",
        "httpx>=0.27",
        "grpcio>=1.60",
        "protobuf>=5",
        "mcap>=1.5,<2",
        "zstandard>=0.22",
        "rosbags>=0.11,<0.12",
        "rich>=13",
        "starlette>=0.40",
        "uvicorn>=0.30",
    ],
    extras_require={
        "ur": ["ur-rtde==1.6.5"],
        "franka": ["franky-control==2.0.0"],
        "franky-sim": ["franky-sim==1.0.4"],  # 661 MB, for test/test_franka_sim.py alone: installed by hand
        "arx5": ["arx5-interface==0.1.5"],
        "aloha": ["dynamixel-sdk==4.1.0"],
        "realsense": ["pyrealsense2==2.59.1.11053"],
        "export": ["pyarrow>=15", "av>=14", "rerun-sdk==0.24.1"],
        "ros-kilted": ["ros-kilted-rclpy[fastrtps]", "ros-kilted-common-interfaces"],
        "ros-jazzy": ["ros-jazzy-rclpy[fastrtps]", "ros-jazzy-common-interfaces"],
        "bench": ["matplotlib>=3.8"],
        "torch": ["torch>=2.6"],
        "lerobot": ["lerobot>=0.4.4"],  # holds torch and much else: an environment of its own
        "peers": ["openpi-client==0.1.2", "typing_extensions"],  # holds numpy below 2: an environment of its own
        "dev": [
            "ruff==0.17.5",
            "mypy==2.4.1",
            "pytest>=9",
            "pytest-cov>=7",
            "pytest-rerunfailures>=16.7",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "pillow",
            "playwright>=1.50",
            "types-PyYAML",
        ],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        # pip puts console scripts into bin/, where `ros2 run` does not look: these wrappers are for it
        (f"lib/{NAME}", [f"executables/{name}" for name in EXECUTABLES]),
        *[entry for folder in ("launch", "robots", "calib", "config") for entry in tree(folder)],
    ],
    entry_points={
        "console_scripts": [
            "ros-wam = ros_wam.cli.main:main",
            *[f"{name} = ros_wam.nodes.{name}:main" for name in EXECUTABLES],
        ]
    },
    zip_safe=False,
)
