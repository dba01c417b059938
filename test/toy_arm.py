"""An arm simple enough to know by heart where it is: a big ball at 1 m from a joint, and a hand with a thumb."""

from dataclasses import replace
from pathlib import Path

from fake_policy import UR5

from ros_wam.calibration import Fixture
from ros_wam.embodiment import Embodiment

MJCF = """
<mujoco>
  <compiler angle="radian"/>
  <worldbody>
    <geom name="post" type="sphere" size="0.05"/>
    <body name="link">
      <joint name="shoulder" axis="0 0 1"/>
      <geom name="sleeve" type="sphere" size="0.06"/>
      <geom name="ball" type="sphere" pos="1 0 0" size="0.4"/>
      <geom name="paint" type="sphere" pos="0.5 0 0" size="0.2" contype="0" conaffinity="0"/>
      <body name="hand" pos="1.2 0 0">
        <joint name="wrist" axis="0 0 1" pos="0.1 0 0"/>
        <geom name="palm" type="sphere" pos="0.1 0 0" size="0.05"/>
        <site name="tool" pos="0.2 0 0"/>
        <body name="thumb" pos="0.2 0 0">
          <joint name="thumb" type="slide" axis="0 1 0" range="0 0.3"/>
          <geom name="nail" type="sphere" size="0.02"/>
        </body>
      </body>
    </body>
  </worldbody>
  <contact><exclude body1="link" body2="thumb"/></contact>
  <actuator>
    <position name="shoulder" joint="shoulder"/>
    <position name="wrist" joint="wrist"/>
    <position name="gripper" joint="thumb" ctrlrange="0 0.3"/>
  </actuator>
</mujoco>
"""


def toy_arm(folder: Path, mjcf: str = MJCF) -> Embodiment:
    """Joints shoulder, wrist, gripper; the ball touches y = 1 where the sine of the shoulder is 0.6."""
    (folder / "toy.xml").write_text(mjcf)
    joint = UR5.joints["joint1"]
    arm = replace(UR5.arms["arm"], joints=("shoulder", "wrist"), base_frame="world")
    return replace(
        UR5,
        name="toy",
        model=folder / "toy.xml",
        arms={"arm": arm},
        joints={"shoulder": joint, "wrist": joint},
        home={"shoulder": 0.0, "wrist": 0.0, "gripper": 0.0},
    )


def wall(y_m: float, thickness_m: float = 0.2) -> Fixture:
    """A wall in the arm's way, from `y_m` on."""
    return Fixture((-2.0, y_m, -1.0), (2.0, y_m + thickness_m, 1.0))
