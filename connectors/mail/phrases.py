"""What mail programs write around quotes, in the languages that they speak."""

from __future__ import annotations

import re

# An attribution ends in one of these.
ENDS = ":：>"

_WROTE_WORDS = (
    "wrote|writes|said|schrieb|schreibt|a écrit|écrit|ecrit|escribió|escribio|ha escrito|escreveu"
    "|ha scritto|scrive|schreef|geschreven|napisał(?:a|\\(a\\))?|pisze|skrev|skreiv|kirjoitti"
    "|napsal(?:a|\\(a\\))?|napísal(?:a|\\(a\\))?|napisao|napisala|je napisao|a scris|írta|ezt írta"
    "|написал(?:а|\\(а\\))?|пишет|пише|написав(?:ла)?|писал(?:а)?|написа|έγραψε|yazdı|şunu yazdı"
    "|のメール|書きました|さんは書きました|写道|寫道|写到|님이 작성|작성|viết|đã viết|menulis|tulis"
    "|rašė|rakstīja|kirjutas|skrifaði|va escriure|ha escrit|idatzi zuen|เขียน|כתב|كتب|नेलिखा"
)
# At the end of a line: the verb, perhaps a little after it, and the colon.
WROTE = re.compile(
    rf"(?:\b|\s|^)(?:{_WROTE_WORDS})[^\n:：]{{0,25}}(?:[:：]|<[^<>\n]{{3,50}}>:?)\s*$",
    re.IGNORECASE,
)
# How an attribution begins: "On Mon", "Am 3.", "Le lun."; or with a date, or a name and address.
OPENS = re.compile(
    r"(?:(?:-+ ?)?(?:On|Am|Le|El|Il|Em|No dia|Op|Dnia|W dniu|Den|På|Dne|Dňa|Dana|În|Pe data de"
    r"|V|В|Во|У|Στις|Date|Vào|Pada|Tanggal|Ngày|Hinta|Le jeu\.|At|In message|Il giorno|Quoting"
    r"|Zitat von|Citando|Citeren|Von|From|De|Dia|Em qua)\s"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|ma|ti|ke|to|pe|la|su|pt|pon|wt|śr|czw|sob|ndz|po|út|st|čt|pá|so|ne"
    r"|пн|вт|ср|чт|пт|сб|вс|нд)[,.]?\s"
    r"|\d{1,4}[./年-]\s?\d{1,2}[./月-]|\d{1,2}\.?\s[^\W\d]{3,12}\.?\s\d{4}|\d{4}년|[^<>\n]{0,80}<[^<>@\s]{1,80}@)",
    re.IGNORECASE,
)

_ORIGINAL_WORDS = (
    "original message|original email|original mail|originalnachricht|ursprüngliche nachricht"
    "|ursprungliche nachricht|urspr\\. nachricht|message d'origine|message d’origine|message original"
    "|mensaje original|mensagem original|messaggio originale|messaggio inoltrato"
    "|oorspronkelijk bericht|originele bericht|oryginalna wiadomość|wiadomość oryginalna"
    "|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|original besked"
    "|opprinnelig melding|alkuperäinen viesti|původní zpráva|původní e-mail|pôvodná správa"
    "|исходное сообщение|оригинальное сообщение|пересылаемое сообщение|оригінальне повідомлення"
    "|вихідне повідомлення|orijinal ileti|orijinal mesaj|özgün ileti|eredeti üzenet"
    "|mesaj original|mesajul original|originalna poruka|izvirno sporočilo|original"
    "|元のメッセージ|原始邮件|原始郵件|原邮件|邮件原件|원본 메시지|원본 메일|αρχικό μήνυμα|tin nhắn gốc|pesan asli"
    "|reply message|reply above this line"
)
ORIGINAL = re.compile(
    rf"[-_*=—–>\s]{{2,40}}\s?(?:{_ORIGINAL_WORDS})\s?:?[-_*=—–<\s]{{2,40}}$", re.IGNORECASE
)

_FORWARD_WORDS = (
    "forwarded message|forwarded by|begin forwarded message|weitergeleitete nachricht"
    "|anfang der weitergeleiteten (?:nachricht|e-mail)|message transféré|message transmis"
    "|début du message transféré|mensaje reenviado|inicio del mensaje reenviado"
    "|mensagem encaminhada|mensagem reencaminhada|início da mensagem (?:re)?encaminhada"
    "|messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht"
    "|begin doorgestuurd bericht|przekazana wiadomość|wiadomość przekazana|początek przekazywanej"
    "|vidarebefordrat meddelande|vidarebefordrat brev|videresendt (?:meddelelse|besked|melding)"
    "|start på videresendt|välitetty viesti|edelleenlähetetty viesti|přeposlaná zpráva"
    "|пересланное сообщение|пересылаемое сообщение|начало переадресованного|переслане повідомлення"
    "|iletilen ileti|yönlendirilmiş ileti|továbbított üzenet|mesaj redirecționat|転送メッセージ"
    "|転送されたメッセージ|转发的邮件|转发邮件信息|轉寄郵件|轉寄的郵件|전달된 메시지|전달된 메일"
)
FORWARDED = re.compile(rf"[-_*=—–>\s]{{0,40}}(?:{_FORWARD_WORDS})", re.IGNORECASE)

_LABELS = {
    "from": "from von de da van od od: от від fra från lähettäjä kimden gönderen gonderen feladó feladó"
    " отправитель 差出人 送信者 发件人 發件人 寄件者 寄件人 보낸사람 expéditeur remetente mittente afzender nadawca"
    " odesílatel odosielateľ από pošiljatelj dari từ pengirim avsändare avsender afsender expeditor",
    "date": "sent date datum gesendet envoyé enviado|el fecha inviato data verzonden wysłano wyslano"
    " skickat sendt dato lähetetty päiväys päivämäärä odesláno odoslané отправлено дата надіслано"
    " gönderildi tarih elküldve küldve dátum trimis 送信日時 日時 日付 发送时间 發送時間 发送日期 傳送時間"
    " 寄件日期 日期 时间 날짜 보낸날짜 보낸시간 datum/zeit enviada enviado enviada|em enviado|em"
    " poslano ημερομηνία στάλθηκε tanggal dikirim gửi ngày",
    "to": "to an à para a aan do till til vastaanottaja komu кому kime alıcı címzett către catre"
    " получатель 宛先 收件人 받는사람 destinataire destinatario destinatário ontvanger adresat προς"
    " kepada đến za prima",
    "subject": "subject betreff objet asunto assunto oggetto onderwerp temat ämne emne aihe předmět"
    " predmet тема konu tárgy subiect 件名 主题 主題 主旨 제목 θέμα zadeva subjek chủ|đề titel",
    "cc": "cc kopie copie copia kopia kopi kopio копия копія bilgi másolat 抄送 副本 참조 κοιν cc:",
    "reply": "reply-to antwort|an répondre|à responder|a",
}
# Label, case folded, to what it stands for.
HEADER_LABELS = {
    label.replace("|", " ").casefold(): kin
    for kin, labels in _LABELS.items()
    for label in labels.split()
}
HEADER_LABELS |= {"보낸 사람": "from", "받는 사람": "to", "보낸 날짜": "date"}

MOBILE = re.compile(
    r"[-*_(\[]{0,3}\s?(?:sent (?:from|via|with|using) |get outlook for |sent by (?:my )?|von meinem .{1,40}(?:gesendet|gesandt)"
    r"|gesendet (?:von|mit|über|aus) |(?:envoyé|envoye) (?:de|depuis|à partir de|avec) "
    r"|(?:télécharger|obtenez|téléchargez) outlook|enviado (?:desde|do|de|a partir|con|através) "
    r"|obtener outlook|obter o outlook|inviato (?:da|dal|con) |(?:scarica|ottieni) outlook"
    r"|verstuurd (?:vanaf|met|via) |verzonden (?:vanaf|met|via|vanuit) |outlook voor|download outlook"
    r"|wysłan[eoay] (?:z|ze) |pobierz program outlook|skickat från |skickad från |hämta outlook"
    r"|sendt fra |hent outlook|skaff outlook|få outlook|lähetetty .{1,40}(?:sta|stä|lla|llä)"
    r"|hanki outlook|odesláno z |odoslané z |získejte outlook|отправлено (?:с|из) |надіслано (?:з|із) "
    r"|.{1,30}(?:'|’)?(?:umdan|dan|den|ımdan|imden|ten|tan) gönderildi|küldve (?:az )?|trimis (?:de pe|din) "
    r"|.{1,30}(?:から送信|より送信|で送信)|发自(?:我的)?|發自|從我的.{1,20}(?:傳送|寄出)|从我的.{1,20}发送"
    r"|나의 .{1,20}에서 보냄|.{1,30}에서 보냄|poslano iz |στάλθηκε από |diberangkatkan|dikirim dari |gửi từ )",
    re.IGNORECASE,
)
