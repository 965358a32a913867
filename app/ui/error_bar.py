"""The one place where the window says what went wrong."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from app.ui.labels import label
from app.words import error_text


class ErrorBar(QFrame):
    """A sentence and a button to put it away; a newer sentence replaces an older one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_bar")
        self._sentence = label("error_sentence", wraps=True, selectable=True)
        dismiss = QPushButton("Dismiss")
        dismiss.setAccessibleName("Dismiss this message")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 8, 14, 8)
        layout.addWidget(self._sentence, 1)
        layout.addWidget(dismiss)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is shown."""
        return self._sentence.text()

    def show_error(self, error: Exception) -> None:
        """Show the sentence that `error` carries."""
        self._sentence.setText(error_text(error))
        self.setAccessibleName(f"Problem: {self.sentence}")
        self.show()
