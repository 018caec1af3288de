"""Sound score files of every format, for mutation: written by the toolkit, and by hand where a format says more."""

from pathlib import Path

from svstoolkit.score.song import Note, Song
from svstoolkit.score.writing import write_song

SUFFIXES = (".musicxml", ".mid", ".ust", ".ds", ".json")
MANDARIN = Song(
    (
        Note(0.0, 0.5, 0, "SP", ("SP",)),
        Note(0.5, 0.5, 60, "茉", ("m", "o")),
        Note(1.0, 0.25, 62, "—", ("o",), slur=True),
        Note(1.25, 0.5, 64, "莉", ("l", "i")),
        Note(1.75, 0.5, 0, "AP", ("AP",)),
        Note(2.25, 1.0, 67, "花", ("h", "ua")),
    ),
    tempo=120.0,
)
JAPANESE = Song(
    (
        Note(0.0, 0.5, 65, "さ", ("s", "a")),
        Note(0.5, 0.5, 65, "く", ("k", "u")),
        Note(1.0, 0.75, 67, "ら", ("r", "a")),
        Note(1.75, 0.25, 69, "—", ("a",), slur=True),
        Note(2.0, 0.5, 0, "SP", ("SP",)),
        Note(2.5, 0.5, 67, "ん", ("N",)),
    ),
    tempo=90.0,
    language="ja",
)

MUSICXML = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
 <part-list><score-part id="P1"><part-name>Voice</part-name></score-part>
  <score-part id="P2"><part-name>Piano</part-name></score-part></part-list>
 <part id="P1">
  <measure number="0" implicit="yes">
   <attributes><divisions>4</divisions><key><fifths>-1</fifths></key><time><beats>3</beats><beat-type>4</beat-type></time>
    <clef><sign>G</sign><line>2</line></clef></attributes>
   <direction placement="above"><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>90</per-minute>
    </metronome></direction-type><sound tempo="90"/></direction>
   <note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration><voice>1</voice><type>quarter</type>
    <lyric number="1"><syllabic>single</syllabic><text>さ</text></lyric>
    <lyric number="2"><syllabic>single</syllabic><text>の</text></lyric></note>
  </measure>
  <measure number="1">
   <barline location="left"><repeat direction="forward"/></barline>
   <note><pitch><step>B</step><alter>-1</alter><octave>4</octave></pitch><duration>6</duration><tie type="start"/>
    <voice>1</voice><type>quarter</type><dot/><notations><tied type="start"/><slur number="1" type="start"/></notations>
    <lyric number="1"><syllabic>single</syllabic><text>く</text><extend/></lyric></note>
   <note><pitch><step>B</step><alter>-1</alter><octave>4</octave></pitch><duration>2</duration><tie type="stop"/>
    <voice>1</voice><type>eighth</type><notations><tied type="stop"/></notations></note>
   <note><pitch><step>A</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice><type>quarter</type>
    <notations><slur number="1" type="stop"/></notations></note>
  </measure>
  <measure number="2">
   <note><grace/><pitch><step>G</step><octave>4</octave></pitch><voice>1</voice><type>eighth</type></note>
   <note><pitch><step>F</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice><type>eighth</type>
    <time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>
    <lyric><text>ら</text></lyric></note>
   <note><rest/><duration>4</duration><voice>1</voice><type>quarter</type></note>
   <direction><sound tempo="60"/></direction>
   <note><pitch><step>F</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice><type>quarter</type>
    <notations><fermata/><articulations><breath-mark/></articulations></notations><lyric><text>ん</text></lyric></note>
   <barline location="right"><repeat direction="backward"/></barline>
  </measure>
 </part>
 <part id="P2"><measure number="0"><attributes><divisions>1</divisions></attributes>
  <note><chord/><pitch><step>C</step><octave>3</octave></pitch><duration>1</duration></note></measure>
  <measure number="1"><note><rest measure="yes"/><duration>3</duration></note></measure>
  <measure number="2"><note><rest/><duration>3</duration></note></measure></part>
</score-partwise>
"""

UST = """[#VERSION]
UST Version1.2
[#SETTING]
Tempo=110.00
Tracks=1
ProjectName=x
Mode2=True
[#0000]
Length=480
Lyric=R
NoteNum=60
[#0001]
Length=480
Lyric=a さ
NoteNum=60
PreUtterance=
Intensity=100
PBS=-40;0
PBW=80,20
Tempo=90,5
[#0002]
Length=240
Lyric=ー
NoteNum=62
[#0003]
Length=960
Lyric=- か
NoteNum=64
Tempo=80
[#TRACKEND]
"""

DS = """[{"offset": 0.5, "text": "AP 茉 莉 SP", "ph_seq": "AP m o l i SP", "ph_dur": "0.3 0.1 0.4 0.1 0.5 0.2",
 "ph_num": "2 2 1 1", "note_seq": "rest C4 D4+20 rest", "note_dur": "0.4 0.5 0.5 0.2", "note_slur": "0 0 0 0",
 "f0_seq": "261.6 262.0 293.7", "f0_timestep": "0.005", "spk_mix": {"a": "1 1"}, "spk_mix_timestep": "0.01"},
 {"offset": 3.0, "text": "SP 花 SP", "ph_seq": "SP h ua SP", "ph_dur": "0.1 0.1 0.6 0.2", "ph_num": "2 1 1",
 "note_seq": "rest E4 F4 rest", "note_dur": "0.2 0.3 0.3 0.2", "note_slur": "0 0 1 0"}]
"""


def write_seeds(folder: Path) -> list[Path]:
    """Score files of every format, each readable."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, song in (("zh", MANDARIN), ("ja", JAPANESE)):
        for suffix in SUFFIXES:
            paths.append(folder / f"{name}{suffix}")
            write_song(song, paths[-1])
    for name, text in (("hand.musicxml", MUSICXML), ("hand.ust", UST), ("hand.ds", DS)):
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    paths.append(folder / "packed.mxl")
    _pack(paths[-1], MUSICXML)
    return paths


def _pack(path: Path, text: str) -> None:
    import zipfile

    container = '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("score.xml", text)
