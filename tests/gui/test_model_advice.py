from app.ui.main_window import MainWindow


def test_the_engines_tool_tip_says_what_to_install(qtbot, desk):
    window = MainWindow(desk, ["The strong voice check is not installed.", "Nor is Whisper."])
    qtbot.addWidget(window)
    assert window._engines.toolTip() == "The strong voice check is not installed.\nNor is Whisper."
