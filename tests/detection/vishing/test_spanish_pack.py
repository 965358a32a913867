"""The Spanish pack on sentences as they are said and written, with accents and without."""

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.types import ConversationLevel, Utterance
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics

CALLER, AGENT = Channel.CALLER, Channel.AGENT


@pytest.fixture(scope="module")
def pack():
    return load_tactics(resources.ROOT / "tactics" / "es.yaml")


def _call(pack, *turns):
    judge, found, now = TalkJudge(pack), [], 0.0
    for channel, text in turns:
        end = now + len(text.split()) / 2.5
        found += judge.hear(Utterance(channel, int(now * CALL_RATE), int(end * CALL_RATE), text, 1.0))
        now = end + 0.5
    return judge, {finding.tactic for finding in found}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("¿Me puede restablecer la contraseña, por favor?", "R1"),
        ("se me ha olvidado la contrasena", "R1"),
        ("Necesito que me quite el segundo factor de autenticación.", "R2"),
        ("borre el teléfono antiguo", "R2"),
        ("Tengo un móvil nuevo y quiero dar de alta este teléfono.", "R3"),
        ("¿Podría cambiar el número de la ficha?", "R4"),
        ("Léame el código de seis cifras que le ha llegado.", "R5"),
        ("Abra AnyDesk, si es tan amable.", "R7"),
        ("Quiero cambiar la cuenta bancaria de mi nómina.", "R12"),
        ("Es muy urgente, mi vuelo sale en diez minutos.", "P1"),
        ("Soy la nueva directora general.", "P2"),
        ("Será culpa suya si no llego.", "P3"),
        ("Me han robado el móvil, estoy en el hospital.", "P4"),
        ("No se lo diga a nadie, es confidencial.", "P6"),
        ("La cámara está rota, no funciona.", "P7"),
        ("Mi jefe ya lo ha aprobado.", "P8"),
        ("Llámeme mejor a este número.", "P14"),
        ("No hay prisa, puedo esperar.", "C2"),
    ],
)
def test_natural_sentences(pack, text, label):
    assert label in _call(pack, (CALLER, text))[1]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Nunca le pediré que me diga el código.", "R5"),
        ("Alguien me llamó y me pidió: abra AnyDesk", "R7"),
        ("¿Qué pasa si quiero restablecer la contraseña?", "R1"),
        ("No es urgente, sin prisa.", "P1"),
        ("Dígame el código postal.", "R5"),
    ],
)
def test_negation_hypotheticals_and_reports_are_no_tactic(pack, text, label):
    assert label not in _call(pack, (CALLER, text))[1]


def test_a_con_is_recognised_and_its_dodged_call_back_is_seen(pack):
    judge, found = _call(
        pack,
        (CALLER, "Hola, soy el nuevo director. Necesito que me quite el doble factor, es urgente."),
        (AGENT, "¿Le llamo al número de la ficha?"),
        (CALLER, "No puedo, me han robado el teléfono. No se lo diga a nadie."),
    )
    assert {"R2", "P1", "P2", "P6", "P7"} <= found
    assert judge.verdict.level is ConversationLevel.VISHING
    assert [(c.name, c.state.value) for c in judge.verdict.checks] == [("call_back", "dodged")]


def test_an_honest_locked_out_caller_stays_calm(pack):
    judge, found = _call(
        pack,
        (CALLER, "Buenos días, no puedo entrar, se me ha olvidado la contraseña."),
        (AGENT, "¿Le puedo llamar al número de la ficha?"),
        (CALLER, "Sí, claro, sin problema."),
    )
    assert {"R1", "C1"} <= found
    assert judge.verdict.level is ConversationLevel.CALM


def test_the_agents_question_for_the_employee_number_is_no_tactic(pack):
    assert _call(pack, (AGENT, "¿Cuál es su número de empleado?"))[1] == set()
