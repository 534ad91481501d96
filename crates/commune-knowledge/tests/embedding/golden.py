"""Writes golden.jsonl: texts with the pieces that the tokenizer of Hugging Face cuts them into, and some vectors.

    pip install tokenizers numpy
    python golden.py > golden.jsonl

Reads the assets of the crate alone. A line is {"text", "pieces"}, or {"text", "pieces", "vector"} with the first 16
numbers of the vector, made in 64 bits, rounded to 5 places; the last line is {"cosines"}: those of all pairs of vectors.
"""

import json
import pathlib
import struct

import numpy
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

ASSETS = pathlib.Path(__file__).parent.parent.parent / "assets/static-model"
VOCABULARY = {piece: row for row, piece in enumerate((ASSETS / "vocab.txt").read_text().split("\n")[:-1])}
UNKNOWN = VOCABULARY["[UNK]"]

# No added tokens: what looks like [CLS] in a text is text.
TOKENIZER = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]", max_input_chars_per_word=100))
TOKENIZER.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, lowercase=True)
TOKENIZER.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

WITH_VECTOR = [
    "The backup of the booking database is restored with pg_restore.",
    "Restore the reservations db from last night's dump.",
    "Cats sleep most of the day.",
    "Set `max_connections = 200` in postgresql.conf, then restart the pool on port 6432.",
    "a",
    "Déjà vu: l'été dernier, le serveur s'est arrêté.",
    "日志轮换需要重启服务。",
]

TEXTS = [
    "", " ", "\n\t\r\n", ".", "...", "?!", "-", "_", "`", "``` ```", "Hello", "HELLO", "hello world", "  hello   world  ",
    "don't", "it's o'clock", "e-mail", "well-known", "snake_case_name", "camelCaseName", "SCREAMING_SNAKE", "kebab-case-name",
    "unaffable", "antidisestablishmentarianism", "telecommunications", "floccinaucinihilipilification", "xyzzyplugh",
    # code
    "let x: Vec<u8> = vec![0; 256];", "fn main() -> Result<(), Box<dyn Error>> { Ok(()) }", "for (i=0; i<10; ++i) printf(\"%d\\n\", i);",
    "SELECT * FROM users WHERE id = 42 AND name LIKE '%ada%';", "kubectl get pods -n kube-system -o wide | grep -v Running",
    "docker run --rm -it -p 8080:80 nginx:1.25-alpine", "sed -i 's/foo\\/bar/baz/g' file.txt", "x = {'a': [1, 2, 3], \"b\": None}",
    "https://example.org/path?query=1&other=%20#fragment", "ada@example.org", "/etc/nats/nats.conf", "C:\\Program Files\\App", "127.0.0.1:4222",
    "2001:db8::1", "v2.15.1-rc.3+build.7", "2026-11-23T18:15:00Z", "1,234,567.89", "3.14159", "0xDEADBEEF", "1e-9", "$100", "50%", "#42", "@ada",
    "deadbeefcafebabe0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "a=b==c!=d<=e>=f&&g||h", "~!@#$%^&*()_+{}|:\"<>?[]\\;',./",
    "# Title\n\n- one\n- two\n\n> quoted **bold** _soft_ `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |", "[link](https://example.org) ![image](a.png)",
    "[CLS] [SEP] [MASK] [PAD] [UNK] [unused0]", "##ing ##s #", "[ CLS ]",
    # letters with accents, and other Latin
    "Café à Zürich: Straße, Ärger, Öl, übel", "naïve façade résumé coöperate", "Cafe\u0301 u\u0308ber n\u0303", "El niño comió una piña en España.",
    "Não há coração que não sinta.", "Příliš žluťoučký kůň úpěl ďábelské ódy.", "Zażółć gęślą jaźń.", "İstanbul'da ılık bir gün, IĞDIR", "Đà Nẵng, Việt Nam: phở bò",
    "Æsir œuvre ø å þorn ðe ŋ ł đ ħ", "ſ ﬁ ﬂ ﬀ ĳ ǆ", "ẞ ß", "Ŀ·l", "n̈ ñ̄ ệ̃", "Þetta reddast á Íslandi.", "Fűtőolaj és árvíztűrő tükörfúrógép", "Ša mai būt, ķīmija",
    # other alphabets
    "Журнал ротируется каждую ночь.", "Ёлка, ёж и чай", "Київ, Україна: ґанок", "Ο υπολογιστής επανεκκινήθηκε· ΣΊΣΥΦΟΣ", "Ὦ ἄνδρες Ἀθηναῖοι",
    "שלום עולם", "שָׁלוֹם", "السلام عليكم ورحمة الله", "مَرْحَبًا", "سلام دنیا", "یک متن با نیم‌فاصله", "नमस्ते दुनिया", "पोर्ट बदलें", "বাংলা লেখা", "தமிழ் எழுத்து",
    "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "ગુજરાતી", "ਪੰਜਾਬੀ", "සිංහල", "สวัสดีชาวโลก", "ພາສາລາວ", "မြန်မာစာ", "ភាសាខ្មែរ", "བོད་ཡིག", "ქართული ენა", "Հայերեն լեզու", "አማርኛ ጽሑፍ።",
    "ᏣᎳᎩ", "Монгол хэл", "ᠮᠣᠩᠭᠣᠯ", "ⴰⵎⴰⵣⵉⵖ", "Қазақ тілі", "Ўзбек", "ᚠᚢᚦ", "𐍈𐌰𐌹", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚", "Ａｂｃ １２３", "Ⅷ ④ ½ ²", "™ © ®", "Ω Å K",
    # CJK
    "你好，世界！", "端口是8080。", "日本語のテキスト、カタカナ。", "ガギグ ﾊﾝｶｸ パピプ", "한국어 문장입니다.", "각 각", "繁體中文與简体中文", "𠮷野家", "豈更車", "㐀㐁", "ㄅㄆㄇ", "〇々〆", "「引用」『』", "东京tokyo大阪",
    "今天Docker容器restart了3次", "㈱㍿", "韩国 한 漢字",
    # emoji and signs
    "👍", "deploy 🚀 done ✅", "👩‍👩‍👧‍👦 family", "👋🏽", "🇩🇪🇫🇷", "☕️ ☕︎", "❤️‍🔥", "1️⃣", "→ ← ↑ ⇒", "≤ ≥ ≠ ≈ ∑ ∞ √", "• – — … ‘’ “” « » ‹›", "€ £ ¥ ₹ ₿", "§ ¶ † ‡", "¿Qué? ¡No!", "± × ÷", "° ′ ″", "α β γ δ",
    # control characters, blanks and what shows nothing
    "a\x00b", "a\x01b\x1fc\x7fd", "a\tb\nc\rd", "a\x0bb\x0cc", "a\x85b", "a\u00a0b", "a\u2003b\u3000c", "a\u2028b\u2029c", "a\u200bb\u200cc\u200dd", "a\ufeffb", "a\ufffdb", "a\u00adb", "a\u202eb\u202cc", "a\u2066b\u2069c",
    "a\ue000b", "a\u0378b", "a\U000e0041b", "a\U000f0000b", "\u1680x\u180ey", "a\u034fb", "\u0301", "\u0301a", "a\u20ddb", "क\u094d\u200dष", "\x1b[31mred\x1b[0m",
    # long words
    "a" * 99, "a" * 100, "a" * 101, "b" * 5000, "ab" * 50 + " end", "é" * 100, "é" * 101, "e\u0301" * 100, "х" * 100, "х" * 101, "字" * 150, "x" * 100 + "." + "y" * 100, "z" * 101 + " known", "https" * 20, "İ" * 100, "ß" * 101,
    "0" * 100, "1234567890" * 10, "1234567890" * 11, "-" * 150, "٠١٢٣٤٥٦٧٨٩", "۱۲۳", "१२३",
    # sentences
    "The night is opened once for each agent and its brief is written before the event goes out.",
    "Renewing the wildcard certificate: run certbot with the DNS plugin, then reload the proxy.",
    "Die Sicherung läuft nachts um drei; danach prüft ein Skript, ob sie sich zurückspielen lässt.",
    "La copia de seguridad se ejecuta cada noche a las tres.", "La sauvegarde est faite chaque nuit à trois heures.",
    "Il backup viene eseguito ogni notte alle tre.", "De back-up draait elke nacht om drie uur.", "Säkerhetskopian körs varje natt klockan tre.",
    "Varmuuskopio ajetaan joka yö kello kolme.", "Yedekleme her gece saat üçte çalışır.", "Sao lưu chạy lúc ba giờ sáng mỗi đêm.", "Резервная копия создаётся каждую ночь в три часа.",
    "毎晩三時にバックアップが実行されます。", "每天凌晨三点运行备份。", "매일 밤 세 시에 백업이 실행됩니다.", "يتم تشغيل النسخ الاحتياطي كل ليلة في الثالثة.", "הגיבוי רץ כל לילה בשלוש.", "बैकअप हर रात तीन बजे चलता है।",
    "Cadangan dijalankan setiap malam pukul tiga.", "Nakala rudufu huendeshwa kila usiku saa tisa.", "Η δημιουργία αντιγράφων εκτελείται κάθε βράδυ στις τρεις.",
]


def table():
    data = (ASSETS / "static256_int8.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]

    def tensor(name, kind):
        start, end = header[name]["data_offsets"]
        return numpy.frombuffer(body[start:end], kind).reshape(header[name]["shape"]).astype(numpy.float64)

    return tensor("embeddings_int8", numpy.int8) * tensor("row_scale_f16", numpy.float16)


def pieces(text):
    return [row for row in TOKENIZER.encode(text).ids if row != UNKNOWN]


def main():
    rows, vectors = table(), []
    for text in WITH_VECTOR:
        mean = rows[pieces(text)].mean(axis=0)
        vectors.append(mean / numpy.linalg.norm(mean))
        shown = [round(float(number), 5) for number in vectors[-1][:16]]
        print(json.dumps({"text": text, "pieces": pieces(text), "vector": shown}))
    for text in TEXTS:
        print(json.dumps({"text": text, "pieces": pieces(text)}))
    cosines = [[round(float(left @ right), 5) for right in vectors] for left in vectors]
    print(json.dumps({"cosines": cosines}))


main()
