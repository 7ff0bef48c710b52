"""Zone files as people write them: stored through the API's parsers, served, transferred, and compared with BIND's own.

Each file of `corpus/` is read twice: by the reader of zone files, whose records are stored as a client would send them,
and by named-compilezone. The secondary must transfer the octets of the latter.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from dns.name import Name

from appliance.zones.delta import WireRecord
from appliance.zones.rdata import TYPES
from tests.corpus.reading import FILES, LONGEST_ZONE, compiled_rows, origin_of, read, served_rows
from tests.pair import Pair
from tests.zones.test_rdata import LONGEST


@pytest.fixture(scope="module")
def served(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> dict[Name, frozenset[WireRecord]]:
    """The rows of each zone, as the secondary transfers them."""
    return served_rows(pair, tmp_path_factory.mktemp("corpus"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_zone_is_served_as_bind_reads_its_file(
    served: dict[Name, frozenset[WireRecord]], file: Path, tmp_path: Path
) -> None:
    found, expected = served[origin_of(file)], compiled_rows(file, tmp_path)
    assert sorted(found - expected) == [] == sorted(expected - found)


def test_the_longest_data_is_served(served: dict[Name, frozenset[WireRecord]]) -> None:
    sizes = sorted(len(data) for _, _, _, data in served[LONGEST_ZONE])
    assert sizes == sorted(octets for record_type, _, octets in LONGEST if record_type != "DS")


def test_the_corpus_has_every_type_and_directive() -> None:
    texts = [file.read_text("ascii") for file in FILES]
    assert {rdata.rdtype for file in FILES for _, _, rdata in read(file, file)} == set(TYPES)
    for part in ("$ORIGIN", "$TTL", "$GENERATE", "\\#", "CLASS1", "(", ";", "*.", "xn--", "\\032", "0/30", " 2h30m"):
        assert any(part in text for text in texts), part
