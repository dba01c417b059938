"""The tasks that ship, and what is wrong with a task file."""

import dataclasses
from pathlib import Path

import pytest

from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.task import load_task, task_files
from ros_wam.task_check import task_defects

TABLE30 = """
arrange_flowers arrange_fruits_in_basket arrange_paper_cups clean_dining_table fold_dishcloth hang_toothbrush_cup
make_vegetarian_sandwich move_objects_into_box open_the_drawer place_shoes_on_rack plug_in_network_cable
pour_fries_into_plate press_three_buttons put_cup_on_coaster put_opener_in_drawer put_pen_into_pencil_case
scan_QR_code search_green_boxes set_the_plates shred_scrap_paper sort_books sort_electronic_products stack_bowls
stack_color_blocks stick_tape_to_box sweep_the_rubbish turn_on_faucet turn_on_light_switch water_potted_plant
wipe_the_table
"""
PATH = next(path for path in task_files() if path.stem == "put_cup_on_coaster")
CUP = load_task(PATH)


def test_every_task_of_table30_is_there_and_every_simulated_one_among_them() -> None:
    assert [path.stem for path in task_files()] == sorted(TABLE30.split())
    assert set(SIM_TASKS) <= set(TABLE30.split())


@pytest.mark.parametrize("path", task_files(), ids=lambda path: path.stem)
def test_points_robots_views_and_reset_of_each_task(path: Path) -> None:
    task = load_task(path)
    assert task_defects(task, path) == []
    assert task.views and task.reset


def test_one_rubric_is_the_benchmarks_own() -> None:
    official = {path.stem: load_task(path) for path in task_files() if load_task(path).rubric == "official"}
    assert list(official) == ["put_cup_on_coaster"]
    assert [(stage.points, stage.required) for stage in CUP.stages] == [(4, True), (2, True), (3, True), (1, False)]
    assert CUP.retry_penalty == 0.5


def test_what_is_wrong_is_said() -> None:
    wrong = dataclasses.replace(
        CUP, name="cup", stages=CUP.stages[:2], robots=("arx5", "acme"), views=("wrist", "high")
    )
    assert task_defects(wrong, PATH) == [
        "its name is cup, that of its file put_cup_on_coaster",
        "its stages are worth 6 points, must be 10",
        "arx5 has no view high; it has: wrist, global, side",
        "no 'acme' in robots; there are: aloha, arx5, arx5_x5, franka, ur5, ur5e",
    ]
