from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Fold
from connectors.mail.quotes import find_folds, merge_folds

ATTRIBUTIONS = {
    "en gmail": "On Sat, Jan 3, 2026 at 10:15 AM Ann Berg <ann@x.example> wrote:",
    "en wrapped": "On Sat, Jan 3, 2026 at 10:15 AM Ann Berg <\nann@x.example> wrote:",
    "en wrapped twice": "On Sat, Jan 3, 2026 at 10:15 AM\nAnn Berg <ann@x.example>\nwrote:",
    "en apple": "On 3 Jan 2026, at 10:15, Ann Berg <ann@x.example> wrote:",
    "en thunderbird": "On 03/01/2026 10:15, Ann Berg wrote:",
    "de gmail": "Am Sa., 3. Jan. 2026 um 10:15 Uhr schrieb Ann Berg <ann@x.example>:",
    "de thunderbird": "Am 03.01.26 um 10:15 schrieb Ann Berg:",
    "fr": "Le sam. 3 janv. 2026 à 10:15, Ann Berg <ann@x.example> a écrit :",
    "es": "El sáb, 3 ene 2026 a las 10:15, Ann Berg (<ann@x.example>) escribió:",
    "it": "Il giorno sab 3 gen 2026 alle ore 10:15 Ann Berg <ann@x.example> ha scritto:",
    "pt": "Em sáb., 3 de jan. de 2026 às 10:15, Ann Berg <ann@x.example> escreveu:",
    "nl": "Op za 3 jan 2026 om 10:15 schreef Ann Berg <ann@x.example>:",
    "pl": "sob., 3 sty 2026 o 10:15 Ann Berg <ann@x.example> napisał(a):",
    "sv": "Den lör 3 jan. 2026 kl 10:15 skrev Ann Berg <ann@x.example>:",
    "da": "Den lør. 3. jan. 2026 kl. 10.15 skrev Ann Berg <ann@x.example>:",
    "no": "lør. 3. jan. 2026 kl. 10:15 skrev Ann Berg <ann@x.example>:",
    "fi": "la 3. tammik. 2026 klo 10.15 Ann Berg (ann@x.example) kirjoitti:",
    "cs": "so 3. 1. 2026 v 10:15 odesílatel Ann Berg <ann@x.example> napsal:",
    "ru": "сб, 3 янв. 2026 г. в 10:15, Ann Berg <ann@x.example>:",
    "ru verb": "3 января 2026 г., 10:15, Ann Berg написала:",
    "uk": "сб, 3 січ. 2026 р. о 10:15 Ann Berg <ann@x.example> пише:",
    "tr": "Ann Berg <ann@x.example>, 3 Oca 2026 Cmt, 10:15 tarihinde şunu yazdı:",
    "ja": "2026年1月3日(土) 10:15 Ann Berg <ann@x.example>:",
    "ja apple": "2026/01/03 10:15、Ann Berg <ann@x.example>のメール:",
    "zh": "Ann Berg <ann@x.example> 于2026年1月3日周六 10:15写道：",
    "zh tw": "Ann Berg <ann@x.example> 於 2026年1月3日 週六 上午10:15寫道：",
    "ko": "2026년 1월 3일 (토) 오전 10:15, Ann Berg <ann@x.example>님이 작성:",
}
HEADER_BLOCKS = {
    "en": "From: Ann Berg <ann@x.example>\nSent: Saturday, January 3, 2026 10:15 AM\n"
    "To: Help <help@y.example>\nSubject: Pump",
    "en bold": "*From:* Ann Berg\n*Sent:* Saturday, January 3, 2026\n*To:* Help\n*Subject:* Pump",
    "de": "Von: Ann Berg\nGesendet: Samstag, 3. Januar 2026 10:15\nAn: Help\nBetreff: Pumpe",
    "fr": "De : Ann Berg\nEnvoyé : samedi 3 janvier 2026 10:15\nÀ : Help\nObjet : Pompe",
    "es": "De: Ann Berg\nEnviado el: sábado, 3 de enero de 2026\nPara: Help\nAsunto: Bomba",
    "it": "Da: Ann Berg\nInviato: sabato 3 gennaio 2026\nA: Help\nOggetto: Pompa",
    "pt": "De: Ann Berg\nEnviada em: sábado, 3 de janeiro de 2026\nPara: Help\nAssunto: Bomba",
    "nl": "Van: Ann Berg\nVerzonden: zaterdag 3 januari 2026\nAan: Help\nOnderwerp: Pomp",
    "pl": "Od: Ann Berg\nWysłano: sobota, 3 stycznia 2026\nDo: Help\nTemat: Pompa",
    "sv": "Från: Ann Berg\nSkickat: den 3 januari 2026\nTill: Help\nÄmne: Pump",
    "da": "Fra: Ann Berg\nSendt: 3. januar 2026\nTil: Help\nEmne: Pumpe",
    "fi": "Lähettäjä: Ann Berg\nLähetetty: 3. tammikuuta 2026\nVastaanottaja: Help\nAihe: Pumppu",
    "cs": "Od: Ann Berg\nOdesláno: 3. ledna 2026\nKomu: Help\nPředmět: Čerpadlo",
    "ru": "От: Ann Berg\nОтправлено: 3 января 2026 г.\nКому: Help\nТема: Насос",
    "uk": "Від: Ann Berg\nНадіслано: 3 січня 2026 р.\nКому: Help\nТема: Насос",
    "tr": "Kimden: Ann Berg\nGönderildi: 3 Ocak 2026\nKime: Help\nKonu: Pompa",
    "ja": "差出人: Ann Berg\n送信日時: 2026年1月3日 10:15\n宛先: Help\n件名: ポンプ",
    "zh": "发件人: Ann Berg\n发送时间: 2026年1月3日 10:15\n收件人: Help\n主题: 水泵",
    "zh wide": "发件人：Ann Berg\n发送时间：2026年1月3日\n收件人：Help\n主题：水泵",
    "ko": "보낸 사람: Ann Berg\n보낸 날짜: 2026년 1월 3일\n받는 사람: Help\n제목: 펌프",
    "ro": "De la: Ann Berg\nTrimis: 3 ianuarie 2026\nCătre: Help\nSubiect: Pompă",
    "hr": "Šalje: Ann Berg\nPoslano: 3. siječnja 2026.\nPrima: Help\nPredmet: Pumpa",
    "lt": "Nuo: Ann Berg\nIšsiųsta: 2026 m. sausio 3 d.\nKam: Help\nTema: Siurblys",
    "lv": "No: Ann Berg\nNosūtīts: 2026. gada 3. janvāris\nKam: Help\nTēma: Sūknis",
    "et": "Saatja: Ann Berg\nSaadetud: 3. jaanuar 2026\nAdressaat: Help\nTeema: Pump",
    "he": "מאת: Ann Berg\nנשלח: 3 בינואר 2026\nאל: Help\nנושא: משאבה",
    "ar": "من: Ann Berg\nتم الإرسال: 3 يناير 2026\nإلى: Help\nالموضوع: مضخة",
    "th": "จาก: Ann Berg\nส่ง: 3 มกราคม 2026\nถึง: Help\nเรื่อง: ปั๊ม",
    "date first": "Date: Sat, 3 Jan 2026 10:15:00 +0100\nSubject: Pump\n"
    "From: ann@x.example\nTo: help@y.example",
    "date and to": "Date: Sat, 3 Jan 2026 10:15:00 +0100\nTo: help@y.example",
    "subject first": "Subject: Pump\nFrom: Ann <ann@x.example>\nTo: help@y.example",
    "ruled, on one line": "--------------------\nFrom: ann@x.example Date: Sat, 3 Jan 2026 10:15\n",
    "ruled": "________________________________\nFrom: Ann <ann@x.example>\nSent: Saturday\n"
    "To: Help\nSubject: Pump",
}
ORIGINALS = [
    "-----Original Message-----",
    "----- Original Message -----",
    "-------- Original message --------",
    "-----Ursprüngliche Nachricht-----",
    "-------- Message d'origine --------",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----Mensagem original-----",
    "-----Oorspronkelijk bericht-----",
    "-----Oryginalna wiadomość-----",
    "-----Исходное сообщение-----",
    "-----Oprindelig besked-----",
    "-----Algne teade-----",
    "-----Originalus pranešimas-----",
    "---- Ann Berg wrote ----",
    "---- On Sat, 03 Jan 2026 10:15:00 +0100 Ann Berg <ann@x.example> wrote ----",
    "On Sat, 3 Jan 2026 10:15:00 +0100 Ann Berg <ann@x.example> wrote",
    "\nann@x.example wrote on 01/03/2026 10:15:00 AM:\n",
    "------------------ 原始邮件 ------------------",
]
PHONES = [
    "Sent from my iPhone",
    "Sent from Outlook for Android",
    "Get Outlook for iOS<https://aka.example/o0ukef>",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Wysłane z iPhone'a",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
    "나의 iPhone에서 보냄",
]


def visible(text: str) -> str:
    out, position = [], 0
    for fold in find_folds(text):
        out.append(text[position : fold.start])
        position = fold.end
    return "".join([*out, text[position:]]).strip()


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_an_attribution_folds_with_the_quote_below_it(name):
    text = f"Thanks, it works.\n\n{ATTRIBUTIONS[name]}\n\n> Does it work?\n> Please tell.\n"
    assert visible(text) == "Thanks, it works."


@pytest.mark.parametrize("name", [n for n in ATTRIBUTIONS if n not in ("en thunderbird",)])
def test_an_attribution_without_marks_below_folds_the_rest(name):
    text = f"Thanks, it works.\n\n{ATTRIBUTIONS[name]}\n\nDoes it work?\nPlease tell.\n"
    assert visible(text) == "Thanks, it works."


@pytest.mark.parametrize("name", HEADER_BLOCKS)
def test_a_header_block_folds_the_original_below_it(name):
    text = f"Thanks, it works.\n\n{HEADER_BLOCKS[name]}\n\nDoes it work?\n"
    assert visible(text) == "Thanks, it works."


@pytest.mark.parametrize("line", ORIGINALS)
def test_an_original_message_line_folds_the_rest(line):
    assert visible(f"Thanks.\n\n{line}\nDoes it work?\n") == "Thanks."


@pytest.mark.parametrize(
    "attribution",
    [
        "On Sat, Jan 3, 2026 at 10:15 AM, ann@x.example wrote:",
        "--- On Sat, Jan 3, 2026 at 10:15 AM, ann@x.example wrote:",
        "Am 03.01.2026 um 10:15 schrieb Ann Berg:",
    ],
)
def test_an_attribution_behind_the_answer_folds_from_where_it_begins(attribution):
    text = f"Yes, it does - well {attribution}\n> Does it work?"
    assert visible(text) == "Yes, it does - well"


@pytest.mark.parametrize(
    "line",
    ["2026/1/3 Ann Berg <ann@x.example>", "Quoting Ann Berg <ann@x.example>:"],
)
def test_an_attribution_without_a_verb_folds_with_its_quote(line):
    assert visible(f"Yes.\n{line}\n\n> Does it work?") == "Yes."


def test_a_link_that_was_wrapped_out_of_a_quote_folds_with_it():
    assert visible("Yes.\n\n> See (http://x.example/a\nb=3)\n> for more") == "Yes."
    assert visible("Yes.\n\n> See\n(http://x.example/a) >\n> for more") == "Yes."


def test_a_forward_stays_open_whatever_header_comes_first():
    text = "FYI\n\n--- begin forwarded text\n\nDate: Sat, 3 Jan 2026 10:15\nFrom: a@x.example\n\nHi"
    assert visible(text) == text


@pytest.mark.parametrize("line", PHONES)
def test_what_a_phone_appends_is_a_signature(line):
    text = f"Thanks.\n\n{line}\n"
    assert visible(text) == "Thanks."
    assert [fold.kind for fold in find_folds(text)] == ["signature"]
    assert visible(f"Thanks.\n\n{line}\n\nOn 3 Jan 2026 Ann wrote:\n> x\n") == "Thanks."


def test_a_signature_folds_and_words_below_a_quote_stay():
    text = "> old\n\nnew words\n\n-- \nAnn\nMill Works\n"
    assert visible(text) == "new words"
    assert [fold.kind for fold in find_folds(text)] == ["quote", "signature"]


@pytest.mark.parametrize(
    "text",
    [
        "Please order three valves.\nOn Monday we close at 5.",
        "I wrote:\nplease call me\nand nobody did.",
        "From: Berlin\nTo: Hamburg\nDate: 3 May\nTwo seats please.",
        "Our options:\n- one\n- two\n--- \nmore",
        "He said: it is late.",
        "Sent from my office.\nThe parcel has not arrived.\nWhy?\nTell me.",
        "> a quote alone is what the sender has to say",
        "Prices > 5 are too high",
        ">>> now in stock: http://x.example <<<",
        "Date: 3 May\nPlace: Hall 4\nSee you there.",
        "Subject: pumps\nTo: all\nThis is what I would write.",
        "As I wrote on Monday: no.",
        "Date: Sat, 3 Jan 2026 10:15\nFrom: a@x.example\nTo: b@x.example\n\nHi",
        ">From the start it was loud",
        "",
    ],
)
def test_what_the_sender_wrote_is_not_folded(text):
    assert not [fold for fold in find_folds(text) if fold.kind == "quote"]


PIECES = st.sampled_from(
    [
        *("> q", ">> qq", "new words", "", " ", "-- ", "--", "Sent from my iPhone", "x:", "AB> q"),
        *("On 3 Jan 2026, at 10:15, Ann <a@x.example> wrote:", "From: Ann <a@x.example>"),
        *("Sent: Saturday 3", "To: Help", "Subject: s", "-----Original Message-----", "_" * 47),
        *(
            "---------- Forwarded message ---------",
            "Von: Ann",
            "wrote:",
            "\u2028",
            "：",
            " >",
            "\t",
        ),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=20), max_size=30))
def test_folds_are_sorted_apart_and_in_range(lines):
    text = "\n".join(lines)
    position = 0
    for fold in find_folds(text):
        assert position <= fold.start < fold.end <= len(text)
        position = fold.end


@given(
    st.text(alphabet="ab \n", max_size=40),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=6),
)
def test_merged_folds_never_overlap(text, spans):
    folds = tuple(
        Fold(start, min(start + size, len(text)))
        for start, size in sorted(spans)
        if start < min(start + size, len(text))
    )
    position = 0
    for fold in merge_folds(text, folds, folds[::-1]):
        assert position <= fold.start < fold.end <= len(text)
        position = fold.end
