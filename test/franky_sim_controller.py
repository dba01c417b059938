"""franky-sim's FR3, cycled by hand: MuJoCo, pinocchio and an emulated FCI that is not ours."""

import select

import numpy as np

from ros_wam.sim.emulators.franka import COMMUNICATION


class FrankySimController:
    """A lockstep_fci.Controller. `by_the_rule`: it tells as desired what was commanded, which it does not by itself."""

    def __init__(self, address: str, by_the_rule: bool) -> None:
        from franky_sim import SimulationServer
        from franky_sim.mujoco_simulator import MujocoSimulator

        simulator = MujocoSimulator(enable_visualization=False)
        simulator.init()
        self._robot = simulator.add_robot()
        if by_the_rule:
            self._tell_what_was_commanded()
        self._server = SimulationServer(simulator, [address])
        self._server.init()

    def cycle(self, wait_ns: int, lose: bool) -> bool:
        assert not lose, f"franky-sim has no {COMMUNICATION}"
        (server,) = self._server.robot_servers
        answers = server._FrankaServer__udp_socket  # it tells nowhere whether an answer is there
        came = False
        if answers is not None and server.current_motion_id:
            came = bool(select.select([answers], [], [], wait_ns / 1e9)[0])
        self._server.run_once(realtime=False)
        return came

    def commanded(self) -> list[float]:
        return np.asarray(self._robot.state.q_d).tolist()

    def _tell_what_was_commanded(self) -> None:
        from franky_sim.base_simulator import TrackedStateComponent

        components = self._robot._tracked_state_components
        for component in components.values():
            for tracker in component.observers.values():
                tracker._alpha = 0.0
        speed = components["dq_d"]
        components["ddq_d"] = TrackedStateComponent(
            lambda time, state: speed.observers["fd"].last_derivative.copy(), depends_on=(speed,)
        )
