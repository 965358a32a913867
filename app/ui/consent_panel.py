"""On what basis the call that is to begin may be kept, and whether its sound is."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QTextEdit, QVBoxLayout, QWidget

from app.call.consent import ConsentRules, consent_text
from app.ui.labels import label
from app.ui.theme import Theme
from app.ui.wrapped_check import WrappedCheck
from detection.events import Acknowledgement

_NOTICE_HEIGHT = 220
_KEEP = "Record the sound of this call"


class ConsentPanel(QWidget):
    """Hidden until there are rules. A confirmation is good only for the words that are shown."""

    changed = Signal()
    """Whether the call may begin may have changed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rules: ConsentRules | None = None
        self.recording = WrappedCheck(theme, _KEEP)
        self.recording.toggled.connect(self._show)
        self._site = label("field_note", wraps=True)
        self._title = label("card_title")
        self.notice = _Notice()
        self.confirmation = WrappedCheck(theme, "The caller was told")
        self.confirmation.toggled.connect(self.changed)
        card = QFrame()
        card.setObjectName("card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(8)
        for widget in (self._title, self.notice, self.confirmation):
            inside.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.recording)
        layout.addWidget(self._site)
        layout.addSpacing(8)
        layout.addWidget(card)
        self.notice.setAccessibleName("Notice")
        self.hide()

    @property
    def is_given(self) -> bool:
        """Whether there is a basis to keep a call."""
        return self._rules is not None and (not self._rules.asks or self.confirmation.box.isChecked())

    @property
    def has_rules(self) -> bool:
        """Whether it is known what has to be said."""
        return self._rules is not None

    @property
    def asks(self) -> bool:
        """Whether somebody has to confirm something, as far as that is known."""
        return self._rules is None or self._rules.asks

    def begin(self) -> None:
        """Forget what was confirmed: that was for one call."""
        self._rules = None
        self.hide()

    def show_rules(self, rules: ConsentRules) -> None:
        """Show what the site has chosen, nothing being confirmed yet."""
        self._rules = rules
        self.recording.box.setChecked(rules.keeps_audio)
        self._site.setText(
            f"This site {'records' if rules.keeps_audio else 'does not record'} calls; "
            "a change here is for this call only."
        )
        self._show()
        self.show()

    def acknowledge(self) -> tuple[bool, Acknowledgement | None]:
        """Whether the sound is kept, and what was confirmed, now. Raises `ConsentError`."""
        rules = self._chosen
        given = rules.acknowledged("window") if rules.asks else None
        return rules.keeps_audio, given

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.recording.set_theme(theme)
        self.confirmation.set_theme(theme)

    @property
    def _chosen(self) -> ConsentRules:
        """The site's rules with this call's recording."""
        if self._rules is None:
            raise RuntimeError("no rules are shown")
        return replace(self._rules, keeps_audio=self.recording.box.isChecked())

    def _show(self) -> None:
        rules = self._chosen
        # Other words than those that were confirmed: they have to be said and confirmed, too.
        self.confirmation.box.setChecked(False)
        self.confirmation.set_text(rules.notice.confirmation)
        self.confirmation.setVisible(rules.asks)
        if rules.asks:
            self._title.setText("Tell the caller")
            self.notice.setPlainText(rules.told)
        else:
            self._title.setText("On what basis this call is kept")
            self.notice.setPlainText(consent_text(rules.record())[0])
        self.notice.setAccessibleName(f"{self._title.text()}: {self.notice.toPlainText()}")
        self.changed.emit()


class _Notice(QTextEdit):
    """As high as its text, up to a limit; can be selected, and scrolled by keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(min(round(self.document().size().height()) + 2, _NOTICE_HEIGHT))
