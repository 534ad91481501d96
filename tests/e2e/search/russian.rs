//! Pages in Russian, and questions in other words.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "russian/renew-certificate",
        title: "Обновление сертификата",
        body: "Сертификат на все поддомены обновляется через проверку DNS. Сначала испытайте на тестовом стенде, затем перезагрузите nginx.",
    },
    Written {
        path: "russian/revoke-certificate",
        title: "Отзыв сертификата",
        body: "Если закрытый ключ утёк, отзовите сертификат в удостоверяющем центре и выпустите новый.",
    },
    Written {
        path: "russian/back-up-database",
        title: "Резервное копирование базы данных",
        body: "Каждую ночь pg_dump сохраняет копию базы в объектное хранилище. Копии хранятся тридцать дней.",
    },
    Written {
        path: "russian/restore-database",
        title: "Восстановление базы данных",
        body: "Остановите приложение, создайте пустую базу и загрузите последнюю копию командой pg_restore.",
    },
    Written {
        path: "russian/clean-disk",
        title: "Очистка диска сборочного сервера",
        body: "Диск заполняют неиспользуемые образы контейнеров. Удаляйте их каждое воскресенье.",
    },
    Written {
        path: "russian/rotate-logs",
        title: "Ротация журналов",
        body: "Файлы журналов сжимаются через семь дней и удаляются через тридцать.",
    },
    Written {
        path: "russian/undo-release",
        title: "Откат развёртывания",
        body: "Если после выкладки растёт число ошибок, вернитесь к прежней версии: kubectl rollout undo.",
    },
    Written {
        path: "russian/blue-green-release",
        title: "Сине-зелёное развёртывание",
        body: "Новая версия запускается рядом со старой; трафик переключается, когда пробы зелёные.",
    },
    Written {
        path: "russian/time-zone",
        title: "Часовой пояс запланированных задач",
        body: "Задачи по расписанию выполняются по UTC; учитывайте перевод часов.",
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked { question: "как обновить сертификаты?", first: "russian/renew-certificate" },
    Asked {
        question: "что делать, если утёк закрытый ключ", first: "russian/revoke-certificate"
    },
    Asked {
        question: "сколько дней хранятся резервные копии базы?", first: "russian/back-up-database"
    },
    Asked { question: "как восстановить базу из копии", first: "russian/restore-database" },
    Asked {
        question: "диск сборочного сервера заполнен образами", first: "russian/clean-disk"
    },
    Asked { question: "когда удаляются журналы?", first: "russian/rotate-logs" },
    Asked {
        question: "как откатить неудачное развёртывание", first: "russian/undo-release"
    },
    Asked {
        question: "в каком часовом поясе выполняются задачи?", first: "russian/time-zone"
    },
];
