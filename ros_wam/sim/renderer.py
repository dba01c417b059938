"""Pictures of the simulated world, on the CPU by default: OSMesa, shadows and multisampling off."""

import importlib
import os
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import ViewCalibration
from ros_wam.errors import SimError
from ros_wam.sim.time_code import draw_time_ns
from ros_wam.sim.world import Snapshot
from ros_wam.types import DepthImage

_MAX_GEOMS = 500


class Renderer:
    """Renders the views of one model. A picture depends on nothing but the snapshot, so it is the same every time.

    Owns an OpenGL context: use it from one thread, and `close` it. `MUJOCO_GL=egl` renders with EGL instead.
    """

    def __init__(self, model: Any, views: Mapping[str, ViewCalibration]) -> None:
        """Raises SimError when no OpenGL context can be made."""
        self._model, self._views = model, dict(views)
        self._data = mujoco.MjData(model)
        width, height = (max(getattr(view, side) for view in views.values()) for side in ("width", "height"))
        self._gl = _gl_context(width, height)
        self._gl.make_current()
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, _MAX_GEOMS)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        self._option, self._perturb = mujoco.MjvOption(), mujoco.MjvPerturb()

    def render(self, snapshot: Snapshot, view: str) -> NDArray[np.uint8]:
        """Return HxWx3 RGB with `snapshot.time_ns` in the corner as a time code."""
        if view not in self._views:
            raise SimError(f"no view {view!r} to render; there are: {', '.join(self._views)}")
        calibration = self._views[view]
        self._data.qpos[:] = snapshot.qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        camera = mujoco.MjvCamera()
        camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, self._model.camera(view).id
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, self._data, self._option, self._perturb, camera, everything, self._scene)
        image = self._read(mujoco.MjrRect(0, 0, calibration.width, calibration.height))
        draw_time_ns(image, snapshot.time_ns)
        return image

    def depth(self, view: str) -> DepthImage:
        """Return the distances of the picture that was rendered last, which must be one of `view`."""
        calibration = self._views[view]
        viewport = mujoco.MjrRect(0, 0, calibration.width, calibration.height)
        buffer = np.empty((viewport.height, viewport.width), np.float32)
        mujoco.mjr_readPixels(None, buffer, viewport, self._context)
        extent, planes = self._model.stat.extent, self._model.vis.map
        near, far = planes.znear * extent, planes.zfar * extent  # MuJoCo's own; its depth buffer is not linear
        distance_m = near / (1.0 - buffer[::-1] * (1.0 - near / far))
        return DepthImage(np.clip(1e3 * distance_m, 0, 65535).astype(np.uint16), calibration.camera_matrix)

    def close(self) -> None:
        """Free the OpenGL context; without this the interpreter complains when it ends."""
        self._gl.make_current()
        self._context.free()
        self._gl.free()

    def _read(self, viewport: Any) -> NDArray[np.uint8]:
        self._gl.make_current()  # another renderer of this thread may have been current
        mujoco.mjr_render(viewport, self._scene, self._context)
        pixels = np.empty((viewport.height, viewport.width, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, viewport, self._context)
        return np.ascontiguousarray(pixels[::-1])  # OpenGL counts rows from below


def _gl_context(width: int, height: int) -> Any:
    """Made here, not by `mujoco.Renderer`, which settles on a library when mujoco is first imported."""
    name = "egl" if os.environ.get("MUJOCO_GL") == "egl" else "osmesa"
    try:
        return importlib.import_module(f"mujoco.{name}").GLContext(width, height)
    except (ImportError, AttributeError, RuntimeError) as error:
        raise SimError(f"no {name} rendering here ({error}); install libosmesa6, or set MUJOCO_GL=egl") from error
