"""What mail programs write around quotes and below messages, in the languages that they speak."""

from __future__ import annotations

import re

# The last character of an attribution.
COLONS = ":："


def _any_of(words: str) -> str:
    return "|".join(" ".join(line.split()) for line in words.strip().split("\n")).replace(
        " | ", "|"
    )


def _set_of(words: str) -> frozenset[str]:
    return frozenset(_any_of(words).casefold().split("|"))


_SPACED_VERBS = _any_of(
    """
    wrote | writes | said | spake | schrieb | schreibt | a écrit | ecrit | écrit | escribió
    escribio
    ha escrito | escreveu | ha scritto | scrive | schreef | geschreven | napisał
    napisała | pisze
    skrev | kirjoitti | napsal | napsala | napísal | napísala | napisao | napisala | írta
    ezt írta
    a scris | написал | написала | пишет | пише | написав
    написала | написа | έγραψε | yazdı
    đã viết | menulis | rašė | rakstīja | kirjutas | skrifaði | va escriure | hat geschrieben
    """
)
_JOINED_VERBS = _any_of(
    """
    のメール | のメッセージ
    書きました | 書いた | 写道 | 寫道 | 写到 | 님이 작성 | 작성 | כתב | כתבה | كتب
    เขียน
    """
)
VERB = re.compile(rf"(?:\b(?:{_SPACED_VERBS})\b|{_JOINED_VERBS})", re.IGNORECASE)
ENDS_WITH_VERB = re.compile(rf"[> ](?:{_SPACED_VERBS})$", re.IGNORECASE)
_OPENERS = _any_of(
    """
    on | am | le | el | il | em | no dia | op | dnia | w dniu | den | på | dne | dňa | dana
    în | pe
    в | во | στις | vào | pada | tanggal | at
    """
)
_WEEKDAYS = _any_of(
    """
    mon | tue | wed | thu | fri | sat | sun | mo | di | mi | do | fr | sa | so | ma | ti
    ke | to | pe
    la | su | pt | pon | pn | wt | śr | czw | sob | niedz | po | út | st | čt | pá | ne
    пн | вт | ср
    чт | пт | сб | вс | нд | lun | mar | mer | mié | jeu | jue | ven | vie | sam
    sáb | dim | dom
    seg | ter | qua | qui | sex | gio | sab | man | tir | ons | tor | fre | lør | søn
    mån | tis | lör
    sön
    """
)
# How an attribution begins: a word like "On" and soon a digit, a weekday and a digit, a date, or a
# name with an address.
OPENS = re.compile(
    rf"(?:-+ ?)?(?:(?:{_OPENERS})\b[^\n\d]{{0,25}}\d|(?:{_WEEKDAYS})[.,]{{0,2}} ?\d"
    r"|\d{1,4} ?[./年-] ?\d{1,2}|\d{4}년|\d{1,2} [^\W\d]{3,12} \d{4}"
    r"|in message |quoting |zitat von "
    r"|[^<>\n]{0,80}<[^<>@\s]{1,80}@)",
    re.IGNORECASE,
)
# Web mail that names the author and no time: "Quoting Ann <ann@x.example>:".
QUOTING = re.compile(
    r"(?:quoting|zitat von|quoth|citando|citant|cytowanie) [^\n]{2,200}:$", re.IGNORECASE
)
# "Ann Example wrote on 4 April 2026 15:59:", with the name in front.
NAME_FIRST = re.compile(
    rf"(?:(?:[^\W\d_a-z][^\s]*\s){{1,4}}|[^\s@]{{1,64}}@[^\s@]{{3,80}} )(?:{_SPACED_VERBS})\b"
)
# The same in the middle of a line, behind the answer: "Thanks! On Tue, 4 Apr 2012 ...".
OPENS_INSIDE = re.compile(
    r"(?:(?<=\s)|-{2,}\s?)(?:On|Am|Le|El|Il|Em|Op|Dnia|W dniu|Den|På|Dne|Dňa)\b[^\n\d]{0,25}\d"
)
# "2011/4/7 Ann Example <ann@x.example>", which old web mail wrote without a colon.
DATED_AUTHOR = re.compile(
    r"\d{2,4}[/.-]\d{1,2}[/.-]\d{1,4}\b[^<>\n]{1,100}<[^<>@\s]+@[^<>\s]+>\s*$"
)
# A time, a year or an address: what tells an attribution from a sentence with a verb in it.
STAMP = re.compile(r"\d{1,2}[:.h]\d{2}\b|\b(?:19|20)\d{2}\b|(?:19|20)\d{2}[年년]|@")

# What stands between the dashes above a quoted original, case folded.
ORIGINAL = _set_of(
    """
    original message | original mail | original email | original e-mail | original
    reply message
    originalnachricht | original-nachricht | antwort nachricht
    antwortnachricht | ursprüngliche nachricht | ursprüngliche mail
    message d'origine | message d’origine | message original | message initial
    mensaje original
    mensagem original | messaggio originale | oorspronkelijk bericht | origineel bericht
    oryginalna wiadomość | wiadomość oryginalna | ursprungligt meddelande | originalmeddelande
    oprindelig meddelelse | oprindelig besked | oprindelig mail | opprinnelig e-post
    izvorno sporočilo | algne teade | algne sõnum | sākotnējais ziņojums | originalus pranešimas
    e-mail original | original appointment | original meddelelse
    opprinnelig melding | alkuperäinen viesti
    původní zpráva | původní e-mail | původní email | pôvodná správa
    исходное сообщение
    оригинальное сообщение
    оригінальне повідомлення
    початкове повідомлення | orijinal ileti
    orijinal mesaj | özgün ileti | eredeti üzenet | mesaj original | mesajul original
    izvorna poruka | izvirno sporočilo | αρχικό μήνυμα | 元のメッセージ | 原始邮件
    原始郵件
    原邮件
    邮件原件 | 원본 메시지 | 원본 메일 | thư gốc | pesan asli
    """
)

# What stands above a forwarded message, case folded, without dashes and colon.
FORWARDED = _set_of(
    """
    forwarded message | forwarded by | begin forwarded message | begin forwarded text
    forwarded text | begin forward | forwarded mail | weitergeleitete nachricht
    anfang der weitergeleiteten nachricht | anfang der weitergeleiteten e-mail
    message transféré
    message transmis | début du message transféré | début du message réexpédié
    mensaje reenviado
    inicio del mensaje reenviado | mensagem encaminhada | mensagem reencaminhada
    início da mensagem encaminhada | início da mensagem reencaminhada | messaggio inoltrato
    inizio messaggio inoltrato | doorgestuurd bericht | begin doorgestuurd bericht
    wiadomość przekazana | przekazana wiadomość | początek przekazywanej wiadomości
    vidarebefordrat meddelande | vidarebefordrat brev | videresendt meddelelse
    videresendt besked
    videresendt melding | videresendt e-mail | välitetty viesti | edelleenlähetetty viesti
    přeposlaná zpráva | preposlaná správa | пересланное сообщение
    пересылаемое сообщение
    начало переадресованного сообщения
    переслане повідомлення | iletilen ileti
    yönlendirilmiş ileti | továbbított üzenet | mesaj redirecționat | 転送メッセージ
    转发的邮件
    转发邮件信息 | 轉寄郵件 | 轉寄的郵件 | 전달된 메시지 | 전달된 메일
    """
)
_LABELS = {
    "from": """
        from | von | de | da | van | od | fra | från | lähettäjä | kimden | gönderen | feladó
        от | від
        отправитель | відправник | 差出人 | 送信者 | 发件人 | 發件人
        寄件者 | 寄件人
        보낸사람 | 보낸 사람
        expéditeur | remetente | mittente | afzender | nadawca | odesílatel | odosielateľ
        από
        avsändare | avsender | afsender | expeditor | de la | dari | từ | pošiljatelj | šalje
        nuo | no | saatja | sendandi | מאת | من | จาก""",
    "date": """
        sent | date | datum | gesendet | envoyé | date d'envoi | enviado | enviado el
        enviado em
        enviada em | enviada | fecha | inviato | data | verzonden | wysłano | data wysłania
        skickat
        skickades | sendt | dato | lähetetty | päiväys | päivämäärä | odesláno | odoslané
        отправлено
        дата | надіслано | gönderildi | gönderme tarihi | tarih | elküldve
        küldve | dátum | trimis
        送信日時 | 日時 | 日付 | 发送时间 | 發送時間 | 发送日期 | 寄件日期 | 傳送時間 | 日期
        时间 | 날짜
        보낸날짜 | 보낸 날짜 | 보낸시간 | ημερομηνία | στάλθηκε | tanggal
        dikirim | ngày
        poslano | išsiųsta | nosūtīts | saadetud | kuupäev | נשלח | תאריך | تم الإرسال
        التاريخ | تاريخ | ส่ง | วันที่""",
    "to": """
        to | an | à | a | para | aan | do | till | til | vastaanottaja | komu | кому | kime
        alıcı | címzett
        către | получатель | 宛先 | 收件人 | 받는사람 | 받는 사람 | destinataire
        destinatario
        destinatário
        προς | kepada | đến | za | prima | către | kam | adressaat | אל | إلى | ถึง""",
    "subject": """
        subject | betreff | objet | asunto | assunto | oggetto | onderwerp | temat | ämne | emne
        aihe
        předmět | predmet | тема | konu | tárgy | subiect | 件名 | 主题 | 主題 | 主旨
        제목
        θέμα | zadeva
        subjek | chủ đề | tema | tēma | teema | נושא | الموضوع | เรื่อง""",
    "cc": """
        cc | kopie | copie | copia | kopia | kopi | kopio | копия | копія | bilgi
        másolat
        抄送 | 副本 | 참조
        cópia | cc/bcc | κοιν""",
}
# Label, case folded, to the header that it stands for.
HEADER_LABELS = {
    label.casefold(): kin for kin, labels in _LABELS.items() for label in _any_of(labels).split("|")
}

_MOBILE = _any_of(
    """
    sent (?:from|via|with|using|by) .{2,60} | get outlook for .{2,80}
    von meinem .{2,40} (?:gesendet|gesandt)\\W* | gesendet (?:von|mit|über|aus) .{2,60}
    diese nachricht wurde von .{2,60} | (?:holen|laden) sie (?:sich )?outlook.{0,30}
    envoyée? (?:de|depuis|à partir|avec) .{2,60}
    (?:télécharge[rz]|obtenez) outlook .{2,80}
    enviad[oa] (?:desde|do|de|a partir|com|con|através) .{2,60}
    (?:obtener|obter) (?:o )?outlook .{2,80} | inviato (?:da|dal|con) .{2,60}
    (?:scarica|ottieni) outlook .{2,80}
    (?:verstuurd|verzonden) (?:vanaf|met|via|vanuit) .{2,60}
    outlook (?:voor|für|for|pour|para|per) .{2,80} | wysłan[eoay] (?:z|ze) .{2,60}
    pobierz (?:program )?outlook.{0,30} | skicka[td] från .{2,60} | hämta outlook .{2,80}
    sendt fra .{2,60} | (?:hent|skaff|få) outlook .{2,80}
    lähetetty .{2,40}(?:sta|stä|lla|llä)\\W* | hanki outlook.{0,30}
    (?:odesláno|odoslané) (?:z|ze|zo) .{2,60} | získejte (?:aplikaci )?outlook.{0,30}
    отправлено (?:с|из|от) .{2,60} | надіслано (?:з|із|зі) .{2,60}
    скачать outlook.{0,30}
    .{2,40}(?:dan|den|tan|ten) gönderildi\\W* | küldve .{2,60} | trimis (?:de pe|din) .{2,60}
    .{2,30}(?:から|より|で)送信\\W* | 发自.{1,40} | 發自.{1,40} | 從我的.{1,30}
    从我的.{1,30}发送.{0,10}
    .{1,30}에서 보냄\\W* | poslano (?:z|s|iz) .{2,60} | στάλθηκε από .{2,60}
    gửi từ .{2,60}
    dikirim dari .{2,60}
    """
)
_MOBILE_LINE = re.compile(rf"(?:{_MOBILE})$", re.IGNORECASE)
# How those that are written in ASCII begin: the pattern is tried on few lines.
_MOBILE_WORDS = _set_of(
    """
        sent | get | von | gesendet | diese | holen | laden | obtenez | enviado | enviada
        obtener
        obter | inviato | scarica | ottieni | verstuurd | verzonden | outlook | pobierz
        skickat
        sendt | hent | skaff | hanki | trimis | poslano | dikirim
    """
)


def is_mobile_signature(line: str) -> bool:
    """Tell a line like "Sent from my phone", stripped of white space."""
    line = line.lstrip("-*_([ ").rstrip(")]_* ")
    if line.isascii() and line.partition(" ")[0].lower() not in _MOBILE_WORDS:
        return False
    return _MOBILE_LINE.match(line) is not None
