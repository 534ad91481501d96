//! Pages in Chinese, and questions in other words.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "chinese/renew-certificate",
        title: "更新证书",
        body: "通配符证书通过 DNS 验证更新。先在测试环境试一次,然后重新加载 nginx。",
    },
    Written {
        path: "chinese/revoke-certificate",
        title: "吊销证书",
        body: "如果私钥泄露,请向证书颁发机构吊销证书,并重新申请。",
    },
    Written {
        path: "chinese/back-up-database",
        title: "数据库备份",
        body: "每天夜里 pg_dump 把数据库的副本写入对象存储,备份保留三十天。",
    },
    Written {
        path: "chinese/restore-database",
        title: "数据库恢复",
        body: "先停止应用,新建空数据库,再用 pg_restore 导入最近的备份。",
    },
    Written {
        path: "chinese/clean-disk",
        title: "清理构建服务器的磁盘",
        body: "没有人使用的容器镜像会占满磁盘,每个星期日删除一次。",
    },
    Written {
        path: "chinese/rotate-logs", title: "日志轮转", body: "日志文件七天后压缩,三十天后删除。"
    },
    Written {
        path: "chinese/undo-release",
        title: "回滚发布",
        body: "发布之后如果错误增多,用 kubectl rollout undo 回到上一个版本。",
    },
    Written {
        path: "chinese/blue-green-release",
        title: "蓝绿发布",
        body: "新版本在旧版本旁边启动,探针变绿以后切换流量。",
    },
    Written {
        path: "chinese/time-zone", title: "定时任务的时区", body: "定时任务按 UTC 运行,注意夏令时。"
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked { question: "证书怎么更新?", first: "chinese/renew-certificate" },
    Asked { question: "私钥泄露了怎么办", first: "chinese/revoke-certificate" },
    Asked { question: "备份保留多久?", first: "chinese/back-up-database" },
    Asked { question: "如何用备份恢复数据库", first: "chinese/restore-database" },
    Asked { question: "磁盘被容器镜像占满", first: "chinese/clean-disk" },
    Asked { question: "日志文件什么时候删除", first: "chinese/rotate-logs" },
    Asked { question: "发布出错如何回滚", first: "chinese/undo-release" },
    Asked { question: "定时任务用哪个时区?", first: "chinese/time-zone" },
];
