/** What BuildKit 0.25 (Docker 28.5) made of each of these Dockerfiles: config, history and names of steps. Two things are as in
 * later releases: how history shows HEALTHCHECK, and the steps' numbers where only a trigger needs a stage. */
export interface BuildKitCase {
  readonly name: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** The image's `config`, as JSON. */
  readonly config: string;
  readonly author?: string;
  /** Of the entries after the base image's: what made a layer, and, behind `-`, what did not. */
  readonly history: readonly string[];
  readonly steps: readonly string[];
}

export const buildKitCases: readonly BuildKitCase[] = [
  {
    name: "env and label",
    dockerfile:
      'FROM alpine\nENV A=1 B="two words" C=${A:-x}\nENV A=$A$B\nENV legacy some  value\nLABEL z=1 a="x y" "k k"=v\nLABEL multi.label=$A\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=1two words","B=two words","C=x","legacy=some  value"],"Cmd":["sh"],"Labels":{"a":"x y","k k":"v","multi.label":"1two words","z":"1"}}',
    history: [
      "- ENV A=1 B=two words C=x",
      "- ENV A=1two words",
      "- ENV legacy=some  value",
      "- LABEL z=1 a=x y k k=v",
      "- LABEL multi.label=1two words",
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "cmd forms",
    dockerfile: 'FROM alpine\nCMD echo "hi" $HOME\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh","-c","echo \\"hi\\" $HOME"],"ArgsEscaped":true}',
    history: ['- CMD ["/bin/sh" "-c" "echo \\"hi\\" $HOME"]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "cmd exec",
    dockerfile: 'FROM alpine\nCMD ["node", "x.js", "--flag=\\"q\\""]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["node","x.js","--flag=\\"q\\""],"ArgsEscaped":true}',
    history: ['- CMD ["node" "x.js" "--flag=\\"q\\""]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "cmd json with tabs",
    dockerfile: 'FROM alpine\nCMD ["a\\tb", "\\u00e9", "\\u0001"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["a\\tb","é","\\u0001"],"ArgsEscaped":true}',
    history: ['- CMD ["a\\tb" "é" "\\x01"]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "entrypoint clears inherited cmd",
    dockerfile: 'FROM alpine\nENTRYPOINT ["/bin/e"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["/bin/e"]}',
    history: ['- ENTRYPOINT ["/bin/e"]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "entrypoint keeps own cmd",
    dockerfile: 'FROM alpine\nCMD ["x"]\nENTRYPOINT exec top -b\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["/bin/sh","-c","exec top -b"],"Cmd":["x"],"ArgsEscaped":true}',
    history: ['- CMD ["x"]', '- ENTRYPOINT ["/bin/sh" "-c" "exec top -b"]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "empty entrypoint",
    dockerfile: "FROM triggers\nENTRYPOINT []\nCMD []\n",
    config:
      '{"User":"1000","ExposedPorts":{"9000/tcp":{}},"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","BASE=1","TRIGGERED=yes"],"Volumes":{"/basevol":{}},"WorkingDir":"/base","Labels":{"from":"base"},"ArgsEscaped":true}',
    history: [
      "- ENV TRIGGERED=yes",
      "COPY a.txt /onbuild/ # buildkit",
      "RUN /bin/sh -c true # buildkit",
      "- ENTRYPOINT []",
      "- CMD []",
    ],
    steps: [
      "[1/1] FROM docker.io/library/triggers:latest",
      "[2/4] ONBUILD COPY a.txt /onbuild/",
      "[3/4] ONBUILD RUN true",
    ],
  },
  {
    name: "shell",
    dockerfile: 'FROM alpine\nSHELL ["/bin/sh", "-ec"]\nRUN true\nCMD echo hi\nENTRYPOINT foo\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["/bin/sh","-ec","foo"],"Cmd":["/bin/sh","-ec","echo hi"],"ArgsEscaped":true,"Shell":["/bin/sh","-ec"]}',
    history: [
      "- SHELL [/bin/sh -ec]",
      "RUN /bin/sh -ec true # buildkit",
      '- CMD ["/bin/sh" "-ec" "echo hi"]',
      '- ENTRYPOINT ["/bin/sh" "-ec" "foo"]',
    ],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "run forms",
    dockerfile:
      'FROM alpine\nRUN true\nRUN ["/bin/true", "a b"]\nRUN   true  &&   \\\n   true \\\n # comment\n   && true\n',
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "RUN /bin/sh -c true # buildkit",
      "RUN /bin/true a b # buildkit",
      "RUN /bin/sh -c true  &&      true    && true # buildkit",
    ],
    steps: [
      "[1/4] FROM docker.io/library/alpine:latest",
      "[2/4] RUN true",
      '[3/4] RUN ["/bin/true", "a b"]',
      "[4/4] RUN   true  &&      true    && true",
    ],
  },
  {
    name: "args in history",
    dockerfile:
      "ARG G=global\nFROM alpine\nARG G\nARG A=1 B\nARG C=${A}2\nRUN true\nARG A=3\nENV B=env\nRUN true\n",
    buildArgs: { B: "fromcli", UNUSED: "x" },
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","B=env"],"Cmd":["sh"]}',
    history: [
      "- ARG G=global",
      "- ARG A=1 B=fromcli",
      "- ARG C=12",
      "RUN |4 G=global A=1 B=fromcli C=12 /bin/sh -c true # buildkit",
      "- ARG A=3",
      "- ENV B=env",
      "RUN |4 G=global A=3 B=env C=12 /bin/sh -c true # buildkit",
    ],
    steps: ["[1/3] FROM docker.io/library/alpine:latest", "[2/3] RUN true", "[3/3] RUN true"],
  },
  {
    name: "arg empty",
    dockerfile: "FROM alpine\nARG X=\nARG Y\nRUN true\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["- ARG X=", "- ARG Y", "RUN |2 X= Y= /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "arg after env",
    dockerfile: "FROM alpine\nENV A=1\nARG A=2\nENV B=$A\nRUN true\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=1","B=2"],"Cmd":["sh"]}',
    history: ["- ENV A=1", "- ARG A=2", "- ENV B=2", "RUN |1 A=2 /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "stage from stage resets arg by env",
    dockerfile: "FROM alpine AS x\nENV A=1\nARG A=2\nFROM x\nENV B=$A\nRUN true\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=1","B=1"],"Cmd":["sh"]}',
    history: ["- ENV A=1", "- ARG A=2", "- ENV B=1", "RUN |1 A=1 /bin/sh -c true # buildkit"],
    steps: ["[stage-1 1/1] RUN true", "[x 1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "proxy args",
    dockerfile: "FROM alpine\nRUN true\n",
    buildArgs: { HTTP_PROXY: "http://p", no_proxy: "x" },
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "proxy arg declared",
    dockerfile: "FROM alpine\nARG HTTP_PROXY\nRUN true\n",
    buildArgs: { HTTP_PROXY: "http://p" },
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["- ARG HTTP_PROXY=http://p", "RUN |1 HTTP_PROXY=http://p /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "platform args",
    dockerfile:
      "FROM alpine AS builder\nARG TARGETPLATFORM\nARG BUILDARCH TARGETOS TARGETVARIANT TARGETSTAGE\nRUN true\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "- ARG TARGETPLATFORM=linux/amd64",
      "- ARG BUILDARCH=amd64 TARGETOS=linux TARGETVARIANT= TARGETSTAGE=builder",
      "RUN |5 TARGETPLATFORM=linux/amd64 BUILDARCH=amd64 TARGETOS=linux TARGETVARIANT= TARGETSTAGE=builder /bin/sh -c true # buildkit",
    ],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "workdir",
    dockerfile:
      "FROM alpine\nWORKDIR /a/../b/\nWORKDIR c\nWORKDIR ../d/./e\nWORKDIR /\nWORKDIR rel\nENV P=/p\nWORKDIR $P/x\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","P=/p"],"Cmd":["sh"],"WorkingDir":"/p/x"}',
    history: [
      "WORKDIR /a/../b/",
      "WORKDIR /b/c",
      "WORKDIR /b/d/e",
      "- WORKDIR /",
      "WORKDIR /rel",
      "- ENV P=/p",
      "WORKDIR /p/x",
    ],
    steps: [
      "[1/7] FROM docker.io/library/alpine:latest",
      "[2/7] WORKDIR /a/../b/",
      "[3/7] WORKDIR c",
      "[4/7] WORKDIR ../d/./e",
      "[5/7] WORKDIR rel",
      "[6/7] WORKDIR /p/x",
    ],
  },
  {
    name: "workdir root first",
    dockerfile: "FROM alpine\nWORKDIR /\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"WorkingDir":"/"}',
    history: ["- WORKDIR /"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "workdir with user",
    dockerfile: "FROM alpine\nUSER 1000:1000\nWORKDIR /home/u\nUSER root\n",
    config:
      '{"User":"root","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"WorkingDir":"/home/u"}',
    history: ["- USER 1000:1000", "WORKDIR /home/u", "- USER root"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] WORKDIR /home/u"],
  },
  {
    name: "copy",
    dockerfile:
      'FROM alpine\nCOPY a.txt b.txt /x/\nCOPY . .\nCOPY dir /y\nCOPY *.txt ./z/\nCOPY ["a.txt", "/sp ace/"]\n',
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "COPY a.txt b.txt /x/ # buildkit",
      "COPY . . # buildkit",
      "COPY dir /y # buildkit",
      "COPY *.txt ./z/ # buildkit",
      "COPY a.txt /sp ace/ # buildkit",
    ],
    steps: [
      "[1/6] FROM docker.io/library/alpine:latest",
      "[2/6] COPY a.txt b.txt /x/",
      "[3/6] COPY . .",
      "[4/6] COPY dir /y",
      "[5/6] COPY *.txt ./z/",
      "[6/6] COPY [a.txt, /sp ace/]",
    ],
  },
  {
    name: "copy flags",
    dockerfile:
      "FROM alpine\nENV U=1000\nCOPY --chown=$U:0 --chmod=0640 a.txt /f\nCOPY --chmod=u=rw,go=r a.txt /g\nCOPY --link a.txt /h\nCOPY --link --chown=1 a.txt /i\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","U=1000"],"Cmd":["sh"]}',
    history: [
      "- ENV U=1000",
      "COPY --chown=1000:0 --chmod=0640 a.txt /f # buildkit",
      "COPY --chmod=u=rw,go=r a.txt /g # buildkit",
      "COPY a.txt /h # buildkit",
      "COPY --chown=1 a.txt /i # buildkit",
    ],
    steps: [
      "[1/5] FROM docker.io/library/alpine:latest",
      "[2/5] COPY --chown=1000:0 --chmod=0640 a.txt /f",
      "[3/5] COPY --chmod=u=rw,go=r a.txt /g",
      "[4/5] COPY --link a.txt /h",
      "[5/5] COPY --link --chown=1 a.txt /i",
    ],
  },
  {
    name: "add",
    dockerfile: "FROM alpine\nADD x.tar /x/\nADD --chown=5 a.txt b.txt ./\nADD x.tar $PATH_UNSET/y/\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "ADD x.tar /x/ # buildkit",
      "ADD --chown=5 a.txt b.txt ./ # buildkit",
      "ADD x.tar /y/ # buildkit",
    ],
    steps: [
      "[1/4] FROM docker.io/library/alpine:latest",
      "[2/4] ADD x.tar /x/",
      "[3/4] ADD --chown=5 a.txt b.txt ./",
      "[4/4] ADD x.tar /y/",
    ],
  },
  {
    name: "copy heredoc",
    dockerfile: 'FROM alpine\nENV V=val\nCOPY <<EOF <<"RAW" a.txt /h/\nhello $V "q"\nEOF\nraw $V\nRAW\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","V=val"],"Cmd":["sh"]}',
    history: ["- ENV V=val", "COPY a.txt <<EOF <<RAW /h/ # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] COPY <<EOF <<RAW a.txt /h/"],
  },
  {
    name: "run heredoc",
    dockerfile:
      "FROM alpine\nRUN <<EOF\necho one\necho two\nEOF\nRUN <<-EOF\n\techo tab\nEOF\nRUN <<EOF\n#!/bin/sh\necho script\nEOF\nRUN cat <<A | tr a b\nbody $HOME\nA\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "RUN /bin/sh -c echo one\necho two\n # buildkit",
      "RUN /bin/sh -c echo tab\n # buildkit",
      "RUN /bin/sh -c /dev/pipes/EOF # buildkit",
      "RUN /bin/sh -c cat <<A | tr a b\nbody $HOME\nA # buildkit",
    ],
    steps: [
      "[1/5] FROM docker.io/library/alpine:latest",
      "[2/5] RUN <<EOF (echo one...)",
      "[3/5] RUN <<-EOF (echo tab)",
      "[4/5] RUN <<EOF (#!/bin/sh...)",
      "[5/5] RUN cat <<A | tr a b",
    ],
  },
  {
    name: "expose",
    dockerfile: 'FROM alpine\nARG P="80 443"\nEXPOSE 9000-9002/udp 8080 $P 53/UDP\nEXPOSE 22\n',
    config:
      '{"ExposedPorts":{"22/tcp":{},"443/tcp":{},"53/udp":{},"80/tcp":{},"8080/tcp":{},"9000/udp":{},"9001/udp":{},"9002/udp":{}},"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "- ARG P=80 443",
      "- EXPOSE [80/tcp 443/tcp 53/udp 8080/tcp 9000/udp 9001/udp 9002/udp]",
      "- EXPOSE [22/tcp]",
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "volume",
    dockerfile: 'FROM alpine\nVOLUME /b /a\nVOLUME ["/c d", "/a"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Volumes":{"/a":{},"/b":{},"/c d":{}}}',
    history: ["- VOLUME [/b /a]", "- VOLUME [/c d /a]"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "user stopsignal",
    dockerfile: "FROM alpine\nARG S=SIGTERM\nUSER nobody\nSTOPSIGNAL $S\nSTOPSIGNAL 9\n",
    config:
      '{"User":"nobody","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"StopSignal":"9"}',
    history: ["- ARG S=SIGTERM", "- USER nobody", "- STOPSIGNAL SIGTERM", "- STOPSIGNAL 9"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "maintainer",
    dockerfile: "FROM alpine\nMAINTAINER John <j@x>\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    author: "John <j@x>",
    history: ["- MAINTAINER John <j@x>"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "healthcheck",
    dockerfile:
      'FROM alpine\nHEALTHCHECK --interval=90s --timeout=1500ms --retries=3 CMD curl -f "http://x" || exit 1\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Healthcheck":{"Test":["CMD-SHELL","curl -f \\"http://x\\" || exit 1"],"Interval":90000000000,"Timeout":1500000000,"Retries":3}}',
    history: [
      '- HEALTHCHECK {Test:[CMD-SHELL curl -f "http://x" || exit 1] Interval:1m30s Timeout:1.5s StartPeriod:0s StartInterval:0s Retries:3}',
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "healthcheck exec start",
    dockerfile: 'FROM alpine\nHEALTHCHECK --start-period=1h --start-interval=2s CMD ["/bin/hc", "a b"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Healthcheck":{"Test":["CMD","/bin/hc","a b"],"StartPeriod":3600000000000,"StartInterval":2000000000}}',
    history: [
      "- HEALTHCHECK {Test:[CMD /bin/hc a b] Interval:0s Timeout:0s StartPeriod:1h0m0s StartInterval:2s Retries:0}",
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "healthcheck none",
    dockerfile: "FROM alpine\nHEALTHCHECK NONE\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Healthcheck":{"Test":["NONE"]}}',
    history: ["- HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "onbuild stored",
    dockerfile: "FROM alpine\nONBUILD RUN echo  hi && \\\n  echo there\nONBUILD COPY . /src\nRUN true\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"OnBuild":["RUN echo  hi &&   echo there","COPY . /src"]}',
    history: ["RUN /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "onbuild from image",
    dockerfile: "FROM triggers\nRUN true\n",
    config:
      '{"User":"1000","ExposedPorts":{"9000/tcp":{}},"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","BASE=1","TRIGGERED=yes"],"Entrypoint":["/entry"],"Cmd":["run"],"Volumes":{"/basevol":{}},"WorkingDir":"/base","Labels":{"from":"base"},"ArgsEscaped":true}',
    history: [
      "- ENV TRIGGERED=yes",
      "COPY a.txt /onbuild/ # buildkit",
      "RUN /bin/sh -c true # buildkit",
      "RUN /bin/sh -c true # buildkit",
    ],
    steps: [
      "[1/2] FROM docker.io/library/triggers:latest",
      "[2/5] ONBUILD COPY a.txt /onbuild/",
      "[3/5] ONBUILD RUN true",
      "[4/5] RUN true",
    ],
  },
  {
    name: "onbuild from stage",
    dockerfile:
      "FROM alpine AS b\nONBUILD ENV X=1\nONBUILD RUN true\nONBUILD COPY --from=src /etc/os-release /r\nFROM alpine AS src\nRUN touch /etc/os-release\nFROM b\nRUN true\nFROM b AS other\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","X=1"],"Cmd":["sh"]}',
    history: ["- ENV X=1", "RUN /bin/sh -c true # buildkit", "COPY /etc/os-release /r # buildkit"],
    steps: [
      "[b 1/1] FROM docker.io/library/alpine:latest",
      "[other 1/3] ONBUILD RUN true",
      "[other 2/3] ONBUILD COPY --from=src /etc/os-release /r",
      "[src 2/2] RUN touch /etc/os-release",
    ],
  },
  {
    name: "scratch",
    dockerfile: 'FROM scratch\nCOPY a.txt /\nCMD ["/a.txt"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/a.txt"],"WorkingDir":"/","ArgsEscaped":true}',
    history: ["COPY a.txt / # buildkit", '- CMD ["/a.txt"]'],
    steps: ["[1/1] COPY a.txt /"],
  },
  {
    name: "multi stage",
    dockerfile:
      "FROM alpine AS base\nENV X=1\nWORKDIR /src\nFROM base AS dev\nRUN touch dev\nFROM base AS prod\nCOPY --from=dev /src/dev /dev2\nCOPY --from=0 /etc /etc2\nCOPY --from=busybox /bin/busybox /bb\nLABEL stage=$X\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","X=1"],"Cmd":["sh"],"WorkingDir":"/src","Labels":{"stage":"1"}}',
    history: [
      "- ENV X=1",
      "WORKDIR /src",
      "COPY /src/dev /dev2 # buildkit",
      "COPY /etc /etc2 # buildkit",
      "COPY /bin/busybox /bb # buildkit",
      "- LABEL stage=1",
    ],
    steps: [
      "FROM docker.io/library/busybox:latest",
      "[base 1/2] FROM docker.io/library/alpine:latest",
      "[base 2/2] WORKDIR /src",
      "[dev 1/1] RUN touch dev",
      "[prod 1/3] COPY --from=dev /src/dev /dev2",
      "[prod 2/3] COPY --from=0 /etc /etc2",
      "[prod 3/3] COPY --from=busybox /bin/busybox /bb",
    ],
  },
  {
    name: "multi stage target",
    dockerfile:
      "FROM alpine AS base\nENV X=1\nFROM base AS dev\nRUN touch dev\nFROM base AS prod\nRUN touch prod\n",
    target: "DEV",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","X=1"],"Cmd":["sh"]}',
    history: ["- ENV X=1", "RUN /bin/sh -c touch dev # buildkit"],
    steps: ["[base 1/1] FROM docker.io/library/alpine:latest", "[dev 1/1] RUN touch dev"],
  },
  {
    name: "unnamed stages",
    dockerfile: "FROM alpine\nRUN touch /x\nFROM alpine\nCOPY --from=0 /x /y\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["COPY /x /y # buildkit"],
    steps: [
      "[stage-0 1/2] FROM docker.io/library/alpine:latest",
      "[stage-0 2/2] RUN touch /x",
      "[stage-1 2/2] COPY --from=0 /x /y",
    ],
  },
  {
    name: "inherited config",
    dockerfile: "FROM triggers AS t\nFROM t\nUSER root\nWORKDIR sub\nLABEL more=1\n",
    labels: { cli: "1", from: "cli" },
    config:
      '{"User":"root","ExposedPorts":{"9000/tcp":{}},"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","BASE=1","TRIGGERED=yes"],"Entrypoint":["/entry"],"Cmd":["run"],"Volumes":{"/basevol":{}},"WorkingDir":"/base/sub","Labels":{"cli":"1","from":"cli","more":"1"},"ArgsEscaped":true}',
    history: [
      "- ENV TRIGGERED=yes",
      "COPY a.txt /onbuild/ # buildkit",
      "RUN /bin/sh -c true # buildkit",
      "- USER root",
      "WORKDIR /base/sub",
      "- LABEL more=1",
    ],
    steps: [
      "[stage-1 1/1] WORKDIR sub",
      "[t 1/1] FROM docker.io/library/triggers:latest",
      "[t 2/4] ONBUILD COPY a.txt /onbuild/",
      "[t 3/4] ONBUILD RUN true",
    ],
  },
  {
    name: "mounts",
    dockerfile:
      "FROM alpine AS s\nRUN touch /f\nFROM alpine\nWORKDIR /w\nARG ID=cid\nRUN --mount=type=cache,id=$ID,target=cache --mount=type=bind,target=/ctx --mount=type=bind,from=s,source=f,target=/ff --mount=type=tmpfs,target=/t,size=1m --mount=type=secret,id=sec,env=TOKEN true $TOKEN\nRUN --network=none true\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"WorkingDir":"/w"}',
    history: [
      "WORKDIR /w",
      "- ARG ID=cid",
      "RUN |1 ID=cid /bin/sh -c true $TOKEN # buildkit",
      "RUN |1 ID=cid /bin/sh -c true # buildkit",
    ],
    steps: [
      "[s 1/2] FROM docker.io/library/alpine:latest",
      "[s 2/2] RUN touch /f",
      "[stage-1 2/4] WORKDIR /w",
      "[stage-1 3/4] RUN --mount=type=cache,id=cid,target=cache --mount=type=bind,target=/ctx --mount=type=bind,from=s,source=f,target=/ff --mount=type=tmpfs,target=/t,size=1m --mount=type=secret,id=sec,env=TOKEN true ****",
      "[stage-1 4/4] RUN --network=none true",
    ],
  },
  {
    name: "global arg in from",
    dockerfile: "ARG IMG=alpine\nARG TAG=latest\nFROM ${IMG}:${TAG}\nARG TAG\nLABEL t=$TAG i=$IMG\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Labels":{"i":"","t":"latest"}}',
    history: ["- ARG TAG=latest", "- LABEL t=latest i="],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "escape directive",
    dockerfile: "# escape=`\nFROM alpine\nENV A=c:\\x`\n  B=2\nRUN echo \\a `\n  b\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=c:\\\\x","B=2"],"Cmd":["sh"]}',
    history: ["- ENV A=c:\\x B=2", "RUN /bin/sh -c echo \\a   b # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN echo \\a   b"],
  },
  {
    name: "special characters",
    dockerfile: 'FROM alpine\nENV A="<&>" B=\'$x\' C=a\\ b\nLABEL "q"="a\\"b"\nRUN echo "<a>" \'b\' > /x\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=<&>","B=$x","C=a b"],"Cmd":["sh"],"Labels":{"q":"a\\"b"}}',
    history: ["- ENV A=<&> B=$x C=a b", '- LABEL q=a"b', "RUN /bin/sh -c echo \"<a>\" 'b' > /x # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN echo \"<a>\" 'b' > /x"],
  },
  {
    name: "many steps",
    dockerfile:
      "FROM alpine\nRUN touch /0\nRUN touch /1\nRUN touch /2\nRUN touch /3\nRUN touch /4\nRUN touch /5\nRUN touch /6\nRUN touch /7\nRUN touch /8\nRUN touch /9\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "RUN /bin/sh -c touch /0 # buildkit",
      "RUN /bin/sh -c touch /1 # buildkit",
      "RUN /bin/sh -c touch /2 # buildkit",
      "RUN /bin/sh -c touch /3 # buildkit",
      "RUN /bin/sh -c touch /4 # buildkit",
      "RUN /bin/sh -c touch /5 # buildkit",
      "RUN /bin/sh -c touch /6 # buildkit",
      "RUN /bin/sh -c touch /7 # buildkit",
      "RUN /bin/sh -c touch /8 # buildkit",
      "RUN /bin/sh -c touch /9 # buildkit",
    ],
    steps: [
      "[ 1/11] FROM docker.io/library/alpine:latest",
      "[ 2/11] RUN touch /0",
      "[ 3/11] RUN touch /1",
      "[ 4/11] RUN touch /2",
      "[ 5/11] RUN touch /3",
      "[ 6/11] RUN touch /4",
      "[ 7/11] RUN touch /5",
      "[ 8/11] RUN touch /6",
      "[ 9/11] RUN touch /7",
      "[10/11] RUN touch /8",
      "[11/11] RUN touch /9",
    ],
  },
  {
    name: "single stage copy from image",
    dockerfile: "FROM alpine\nCOPY --from=busybox /bin/busybox /bb\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["COPY /bin/busybox /bb # buildkit"],
    steps: [
      "FROM docker.io/library/busybox:latest",
      "[stage-0 1/2] FROM docker.io/library/alpine:latest",
      "[stage-0 2/2] COPY --from=busybox /bin/busybox /bb",
    ],
  },
  {
    name: "duplicate stage names",
    dockerfile:
      "FROM alpine AS a\nENV V=first\nFROM alpine AS a\nENV V=second\nFROM alpine\nCOPY --from=a /etc /e\nFROM a\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","V=second"],"Cmd":["sh"]}',
    history: ["- ENV V=second"],
    steps: ["[a 1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "only metadata",
    dockerfile: "FROM alpine\nUSER 5\n",
    config:
      '{"User":"5","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["- USER 5"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "onbuild numbering",
    dockerfile: "FROM triggers\nCOPY b.txt /b\n",
    config:
      '{"User":"1000","ExposedPorts":{"9000/tcp":{}},"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","BASE=1","TRIGGERED=yes"],"Entrypoint":["/entry"],"Cmd":["run"],"Volumes":{"/basevol":{}},"WorkingDir":"/base","Labels":{"from":"base"},"ArgsEscaped":true}',
    history: [
      "- ENV TRIGGERED=yes",
      "COPY a.txt /onbuild/ # buildkit",
      "RUN /bin/sh -c true # buildkit",
      "COPY b.txt /b # buildkit",
    ],
    steps: [
      "[1/2] FROM docker.io/library/triggers:latest",
      "[2/5] ONBUILD COPY a.txt /onbuild/",
      "[3/5] ONBUILD RUN true",
      "[4/5] COPY b.txt /b",
    ],
  },
  {
    name: "run security default",
    dockerfile: "FROM alpine\nRUN --network=default true\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN --network=default true"],
  },
];
