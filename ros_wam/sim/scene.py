"""The simulated station as one MuJoCo model: robot, table, task, and cameras exactly where the calibration says."""

from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ros_wam.calibration import ViewCalibration, load_view
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SimError
from ros_wam.sim.tasks.sim_task import SimTask
from ros_wam.types import FloatArray

_OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0])  # MuJoCo's cameras look along -z, y up
_BOX, _PLANE = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_PLANE


def build_scene(embodiment: Embodiment, calibration: Path, task: SimTask) -> Any:
    """Return the compiled `MjModel`: the table top is z = 0, and the robot's `base` stands as its MJCF says.

    So the robot's base frame may be turned against the world frame, by 180 degrees about z.
    Raises SimError if the robot's MJCF does not compile, ConfigError if a view has no calibration.
    """
    try:
        spec = mujoco.MjSpec.from_file(str(embodiment.model))
        robot = spec.compile()  # only then is a site turned as its xyaxes or euler angles say
        _add_room(spec)
        task.add_to(spec)
        for view in embodiment.views:
            _add_camera(spec, robot, view, load_view(calibration, view))
        return spec.compile()
    except ValueError as error:
        raise SimError(f"the scene of {embodiment.name} and {task.name} does not compile: {error}") from error


def _add_room(spec: Any) -> None:
    quality = spec.visual.quality
    quality.offsamples, quality.shadowsize = 0, 0  # each costs more than all else in a frame
    quality.numslices, quality.numstacks, quality.numquads = 20, 8, 2  # halves what is left
    spec.visual.headlight.ambient = [0.40, 0.40, 0.40]
    spec.visual.headlight.diffuse = [0.12, 0.12, 0.12]
    spec.visual.headlight.specular = [0.0, 0.0, 0.0]
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.70, 0.83, 0.95],
        rgb2=[0.58, 0.70, 0.82],
        width=64,
        height=384,
    )
    world = spec.worldbody
    for direction, diffuse in (((0.35, 0.45, -1.0), (0.50, 0.49, 0.47)), ((0.25, -0.8, -0.6), (0.16, 0.17, 0.19))):
        world.add_light(
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
            pos=[0.0, 0.0, 2.0],
            dir=direction,
            diffuse=diffuse,
            specular=[0.12, 0.12, 0.12],
            castshadow=False,
        )
    _add_solid(spec, "table", _BOX, (0.50, 0.62, 0.02), (-0.34, 0.0, -0.02), (0.62, 0.49, 0.37, 1.0))
    _add_solid(spec, "floor", _PLANE, (4.0, 4.0, 0.1), (0.0, 0.0, -0.80), (0.40, 0.47, 0.55, 1.0))


def _add_solid(
    spec: Any, name: str, shape: Any, size: tuple[float, ...], position: tuple[float, ...], rgba: tuple[float, ...]
) -> None:
    spec.worldbody.add_geom(
        name=name,
        type=shape,
        size=size,
        pos=position,
        rgba=rgba,
        condim=4,
        friction=[0.8, 0.01, 0.001],
        solref=[0.004, 1.0],
    )


def _add_camera(spec: Any, robot: Any, view: str, calibration: ViewCalibration) -> None:
    body, T_body_frame = _frame(spec, robot, calibration.frame)
    pose = T_body_frame @ calibration.T_frame_camera
    body.add_camera(
        name=view,
        pos=pose[:3, 3],
        quat=_quaternion(pose[:3, :3] @ _OPENGL_FROM_OPENCV),
        resolution=[calibration.width, calibration.height],
        focal_pixel=[calibration.fx, calibration.fy],
        # MuJoCo counts from the middle of the image; an OpenCV pixel centre has whole coordinates.
        principal_pixel=[
            calibration.cx - (calibration.width - 1) / 2,
            calibration.cy - (calibration.height - 1) / 2,
        ],
        sensor_size=[calibration.width * 1e-5, calibration.height * 1e-5],
    )
    _add_housing(body, view, pose)


def _add_housing(body: Any, view: str, pose: FloatArray) -> None:
    """The camera as the other cameras see it, behind its own lens; nothing collides with it."""
    centre = pose @ [0.0, 0.0, -0.016, 1.0]
    body.add_geom(
        name=f"{view}_camera",
        type=_BOX,
        size=[0.045, 0.0125, 0.0125],
        pos=centre[:3],
        quat=_quaternion(pose[:3, :3]),
        rgba=[0.72, 0.73, 0.75, 1.0],
        mass=0.0,
        contype=0,
        conaffinity=0,
    )


def _frame(spec: Any, robot: Any, name: str) -> tuple[Any, FloatArray]:
    """Return the body that carries the frame `name` (a site or a body), and the frame's pose in it."""
    transform = np.eye(4)
    for site in spec.sites:
        if site.name == name:
            rotation = np.zeros(9)
            mujoco.mju_quat2Mat(rotation, robot.site(name).quat)
            transform[:3, :3], transform[:3, 3] = rotation.reshape(3, 3), site.pos
            return site.parent, transform
    for body in spec.bodies:
        if body.name == name:
            return body, transform
    raise SimError(f"calibration names the frame {name!r}; the model has no such site or body")


def _quaternion(rotation: FloatArray) -> FloatArray:
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).reshape(9))
    return quaternion
