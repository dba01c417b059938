"""What Franka publishes about the FR3: kinematics, limits, and the URDF that its controller gives to clients.

Numbers: franka_description, robots/fr3 (kinematics, joint_limits, inertials); libfranka 0.21, rate_limiting.h.
"""

import math

import numpy as np

from ros_wam.types import FloatArray

JOINTS = 7
LOWER_RAD = np.array([-2.9007, -1.8361, -2.9007, -3.0770, -2.8763, 0.4398, -3.0508])
UPPER_RAD = np.array([2.9007, 1.8361, 2.9007, -0.1169, 2.8763, 4.6216, 3.0508])
VELOCITY_RAD_S = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
ACCELERATION_RAD_S2 = 10.0
JERK_RAD_S3 = 5000.0
TORQUE_NM = np.array([87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0])
_OFFSET_RAD_S = np.array([0.652, 0.25, 0.2005, 0.3542, 0.5738, 0.4885, 0.4592])
_DECELERATION_RAD_S2 = np.array([6.0, 2.585, 3.5, 4.0, 17.0, 5.5, 17.0])

# Where each joint's frame is in the one before [m], and its turn about x.
_PLACES = [
    ((0, 0, 0.333), 0.0),
    ((0, 0, 0), -math.pi / 2),
    ((0, -0.316, 0), math.pi / 2),
    ((0.0825, 0, 0), math.pi / 2),
    ((-0.0825, 0.384, 0), -math.pi / 2),
    ((0, 0, 0), math.pi / 2),
    ((0.088, 0, 0), math.pi / 2),
]
_FLANGE_M = 0.107
# mass [kg], centre of mass [m], inertia xx xy xz yy yz zz [kg m2] of link1 … link7
_INERTIALS = [
    (2.92747, (4.128e-07, -0.018125, -0.038604), (0.0239273, 1.332e-05, -0.000114, 0.0224822, -0.001995, 0.0063501)),
    (2.93554, (0.003183, -0.074322, 0.008815), (0.0419389, 0.0002026, 0.0040778, 0.0251451, -0.0042252, 0.0617021)),
    (2.24490, (0.040702, -0.004820, -0.028973), (0.0241014, 0.0024047, -0.0028563, 0.0197405, -0.0021042, 0.0190445)),
    (2.61560, (-0.045910, 0.063049, -0.008519), (0.0345300, 0.0132255, 0.0101514, 0.0288816, -0.0009763, 0.0412547)),
    (2.32712, (-0.001604, 0.029254, -0.097297), (0.0516103, -0.0057152, -0.0035673, 0.0478773, 0.010674, 0.0164236)),
    (1.81704, (0.059713, -0.041029, -0.010169), (0.0054123, 0.0061935, 0.0014219, 0.0140583, -0.0013141, 0.0160808)),
    (0.62714, (0.004523, 0.008626, -0.016163), (0.00021092, -2.433e-05, 4.564e-05, 0.00017719, 8.744e-05, 5.993e-05)),
]


def velocity_limits(position: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return `(7,)` lowest and highest velocity [rad/s] at `position` `(7,)` [rad]: less towards a joint's ends."""
    above = np.sqrt(2.0 * _DECELERATION_RAD_S2 * np.maximum(UPPER_RAD - position, 0.0)) - _OFFSET_RAD_S
    below = np.sqrt(2.0 * _DECELERATION_RAD_S2 * np.maximum(position - LOWER_RAD, 0.0)) - _OFFSET_RAD_S
    highest = np.minimum(VELOCITY_RAD_S, np.maximum(above, 0.0))
    return -np.minimum(VELOCITY_RAD_S, np.maximum(below, 0.0)), highest


def flange_pose(position: FloatArray) -> FloatArray:
    """Return T_base_flange `(4, 4)` [m] at `position` `(7,)` [rad]."""
    pose = np.eye(4)
    for (origin, roll), angle in zip(_PLACES, position, strict=True):
        c, s, cr, sr = math.cos(angle), math.sin(angle), math.cos(roll), math.sin(roll)
        step = np.array([[c, -s, 0, 0], [cr * s, cr * c, -sr, 0], [sr * s, sr * c, cr, 0], [0, 0, 0, 1.0]])
        step[:3, 3] = origin
        pose = pose @ step
    return np.asarray(pose @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, _FLANGE_M], [0, 0, 0, 1.0]]))


def urdf() -> str:
    """Return the arm's URDF without shapes: link0 … link8 (the flange), joint1 … joint7 with FR3's limits."""
    parts = ['<robot name="fr3"><link name="link0"/>']
    for k in range(JOINTS):
        mass, centre, inertia = _INERTIALS[k]
        moments = " ".join(f'i{a}="{v}"' for a, v in zip(("xx", "xy", "xz", "yy", "yz", "zz"), inertia, strict=True))
        (x, y, z), roll = _PLACES[k]
        parts.append(
            f'<link name="link{k + 1}"><inertial><origin xyz="{centre[0]} {centre[1]} {centre[2]}"/>'
            f'<mass value="{mass}"/><inertia {moments}/></inertial></link>'
            f'<joint name="joint{k + 1}" type="revolute"><origin xyz="{x} {y} {z}" rpy="{roll} 0 0"/>'
            f'<parent link="link{k}"/><child link="link{k + 1}"/><axis xyz="0 0 1"/>'
            f'<limit lower="{LOWER_RAD[k]}" upper="{UPPER_RAD[k]}" velocity="{VELOCITY_RAD_S[k]}"'
            f' effort="{TORQUE_NM[k]}"/><position_based_velocity_limits'
            f' velocity_offset="{_OFFSET_RAD_S[k]}" deceleration_limit="{_DECELERATION_RAD_S2[k]}"/></joint>'
        )
    parts.append(
        f'<link name="link8"/><joint name="joint8" type="fixed"><origin xyz="0 0 {_FLANGE_M}"/>'
        f'<parent link="link7"/><child link="link8"/></joint></robot>'
    )
    return "".join(parts)
