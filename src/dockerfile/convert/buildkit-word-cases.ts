import type { BuildKitCase } from "./buildkit-cases.ts";

/** What BuildKit 0.25 made of words: quoting, expansion, continuation, forms of an instruction, inheritance. */
export const buildKitWordCases: readonly BuildKitCase[] = [
  {
    name: "heredoc onbuild",
    dockerfile: "FROM alpine AS a\nONBUILD RUN <<E\necho hi\nE\nFROM a\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c echo hi\n # buildkit"],
    steps: ["[a 1/1] FROM docker.io/library/alpine:latest", "[stage-1 1/1] ONBUILD RUN <<E (echo hi)"],
  },
  {
    name: "onbuild heredoc stored",
    dockerfile: "FROM alpine\nONBUILD RUN <<E\necho hi\nE\nONBUILD COPY <<F /f\nx $A\nF\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"OnBuild":["RUN <<E\\necho hi\\nE","COPY <<F /f\\nx $A\\nF"]}',
    history: [],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "env quoting",
    dockerfile:
      'FROM alpine\nENV A="a\\"b" B=\'c d\' C=x\\ y D=$A\\$A E="${A}\'s"\nENV F G   H\nENV G=${F#G} H=${F/H/J} I=${UNSET:-d$F}\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=a\\"b","B=c d","C=x y","D=$A","E=\'s","F=G   H","G=   H","H=G   J","I=dG   H"],"Cmd":["sh"]}',
    history: ["- ENV A=a\"b B=c d C=x y D=$A E='s", "- ENV F=G   H", "- ENV G=   H H=G   J I=dG   H"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "label legacy",
    dockerfile: 'FROM alpine\nLABEL foo bar baz\nLABEL "a b"="c=d"\nLABEL x=$PATH\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Labels":{"a b":"c=d","foo":"bar baz","x":"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}}',
    history: [
      "- LABEL foo=bar baz",
      "- LABEL a b=c=d",
      "- LABEL x=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "label continuation",
    dockerfile: "FROM alpine\nLABEL a=1 \\\n      b=2 \\\n\n      c=3\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Labels":{"a":"1","b":"2","c":"3"}}',
    history: ["- LABEL a=1 b=2 c=3"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "volume env",
    dockerfile: 'FROM alpine\nENV V=/v\nVOLUME $V ${V}2\nVOLUME ["$V"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","V=/v"],"Cmd":["sh"],"Volumes":{"/v":{},"/v2":{}}}',
    history: ["- ENV V=/v", "- VOLUME [/v /v2]", "- VOLUME [/v]"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "user env",
    dockerfile: "FROM alpine\nARG U=a\nUSER ${U}:g\n",
    config:
      '{"User":"a:g","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["- ARG U=a", "- USER a:g"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "cmd variants",
    dockerfile: 'FROM alpine\nCMD [ "a" , "b" ]\nCMD ["not json]\nCMD a   b  \\\n  c\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh","-c","a   b    c"],"ArgsEscaped":true}',
    history: [
      '- CMD ["a" "b"]',
      '- CMD ["/bin/sh" "-c" "[\\"not json]"]',
      '- CMD ["/bin/sh" "-c" "a   b    c"]',
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "cmd empty",
    dockerfile: "FROM alpine\nCMD []\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"ArgsEscaped":true}',
    history: ["- CMD []"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "entrypoint then cmd",
    dockerfile: 'FROM alpine\nENTRYPOINT ["a"]\nCMD b\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["a"],"Cmd":["/bin/sh","-c","b"],"ArgsEscaped":true}',
    history: ['- ENTRYPOINT ["a"]', '- CMD ["/bin/sh" "-c" "b"]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "entrypoint in child",
    dockerfile: 'FROM alpine AS a\nCMD x\nFROM a\nENTRYPOINT ["e"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["e"],"ArgsEscaped":true}',
    history: ['- CMD ["/bin/sh" "-c" "x"]', '- ENTRYPOINT ["e"]'],
    steps: ["[a 1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "shell inherit",
    dockerfile: 'FROM alpine AS a\nSHELL ["/bin/ash","-c"]\nFROM a\nRUN true\nCMD x\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/ash","-c","x"],"ArgsEscaped":true,"Shell":["/bin/ash","-c"]}',
    history: ["- SHELL [/bin/ash -c]", "RUN /bin/ash -c true # buildkit", '- CMD ["/bin/ash" "-c" "x"]'],
    steps: ["[a 1/1] FROM docker.io/library/alpine:latest", "[stage-1 1/1] RUN true"],
  },
  {
    name: "run json invalid",
    dockerfile: 'FROM alpine\nRUN ["true" \\\n || true\n',
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ['RUN /bin/sh -c ["true"  || true # buildkit'],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", '[2/2] RUN ["true"  || true'],
  },
  {
    name: "run quotes display",
    dockerfile: 'FROM alpine\nENV N="a b"\nRUN echo "$N" \'$N\' ${N} $UNDEF \\$N\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","N=a b"],"Cmd":["sh"]}',
    history: ["- ENV N=a b", "RUN /bin/sh -c echo \"$N\" '$N' ${N} $UNDEF \\$N # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN echo \"a b\" '$N' a b $UNDEF $N"],
  },
  {
    name: "workdir env and quotes",
    dockerfile: 'FROM alpine\nENV D="/x y"\nWORKDIR "$D"/z\nWORKDIR $UNSET\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","D=/x y"],"Cmd":["sh"],"WorkingDir":"/x y/z"}',
    history: ["- ENV D=/x y", "WORKDIR /x y/z", "WORKDIR /x y/z"],
    steps: ["[1/3] FROM docker.io/library/alpine:latest", "[2/3] WORKDIR /x y/z", "[3/3] WORKDIR "],
  },
  {
    name: "copy quoted",
    dockerfile: 'FROM alpine\nENV F=a.txt\nCOPY "$F" ${F%.txt}.txt $UNSETX /d/\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","F=a.txt"],"Cmd":["sh"]}',
    history: ["- ENV F=a.txt", "COPY a.txt a.txt  /d/ # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] COPY a.txt a.txt  /d/"],
  },
  {
    name: "copy json env",
    dockerfile: 'FROM alpine\nENV F=a.txt\nCOPY ["$F", "/d 1/"]\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","F=a.txt"],"Cmd":["sh"]}',
    history: ["- ENV F=a.txt", "COPY a.txt /d 1/ # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] COPY [a.txt, /d 1/]"],
  },
  {
    name: "add exclude of dest env",
    dockerfile: "FROM alpine\nARG D=/dd\nADD --chmod=755 a.txt ${D}/\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["- ARG D=/dd", "ADD --chmod=755 a.txt /dd/ # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] ADD --chmod=755 a.txt /dd/"],
  },
  {
    name: "copy dest dot",
    dockerfile: "FROM alpine\nWORKDIR /w\nCOPY a.txt .\nCOPY a.txt ./\nCOPY a.txt b/.\nCOPY a.txt ../c\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"WorkingDir":"/w"}',
    history: [
      "WORKDIR /w",
      "COPY a.txt . # buildkit",
      "COPY a.txt ./ # buildkit",
      "COPY a.txt b/. # buildkit",
      "COPY a.txt ../c # buildkit",
    ],
    steps: [
      "[1/6] FROM docker.io/library/alpine:latest",
      "[2/6] WORKDIR /w",
      "[3/6] COPY a.txt .",
      "[4/6] COPY a.txt ./",
      "[5/6] COPY a.txt b/.",
      "[6/6] COPY a.txt ../c",
    ],
  },
  {
    name: "arg many",
    dockerfile:
      "ARG A=1\nARG B=${A}2 C\nFROM alpine\nARG A=own\nARG B C D\nRUN true\nARG B=again\nRUN true\n",
    buildArgs: { C: "cc", D: "" },
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: [
      "- ARG A=own",
      "- ARG B=12 C=cc D=",
      "RUN |4 A=own B=12 C=cc D= /bin/sh -c true # buildkit",
      "- ARG B=again",
      "RUN |4 A=own B=again C=cc D= /bin/sh -c true # buildkit",
    ],
    steps: ["[1/3] FROM docker.io/library/alpine:latest", "[2/3] RUN true", "[3/3] RUN true"],
  },
  {
    name: "arg shadow by env child",
    dockerfile: "FROM alpine AS a\nARG X=1\nFROM a\nARG X\nRUN true\nENV X=2\nRUN true\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","X=2"],"Cmd":["sh"]}',
    history: [
      "- ARG X=1",
      "- ARG X",
      "RUN |1 X=1 /bin/sh -c true # buildkit",
      "- ENV X=2",
      "RUN |1 X=2 /bin/sh -c true # buildkit",
    ],
    steps: [
      "[a 1/1] FROM docker.io/library/alpine:latest",
      "[stage-1 1/2] RUN true",
      "[stage-1 2/2] RUN true",
    ],
  },
  {
    name: "expose ranges and hosts",
    dockerfile: "FROM alpine\nEXPOSE 127.0.0.1:80:81 8000-8002:9000-9002/sctp\nEXPOSE 80 80/tcp\n",
    config:
      '{"ExposedPorts":{"80/tcp":{},"81/tcp":{},"9000/sctp":{},"9001/sctp":{},"9002/sctp":{}},"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["- EXPOSE [81/tcp 9000/sctp 9001/sctp 9002/sctp]", "- EXPOSE [80/tcp 80/tcp]"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "stop signal names",
    dockerfile: "FROM alpine\nSTOPSIGNAL SIGRTMIN+3\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"StopSignal":"SIGRTMIN+3"}',
    history: ["- STOPSIGNAL SIGRTMIN+3"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "lowercase instructions",
    dockerfile: "from alpine as Base\nrun true\ncopy a.txt /a\nworkdir /w\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"WorkingDir":"/w"}',
    history: ["RUN /bin/sh -c true # buildkit", "COPY a.txt /a # buildkit", "WORKDIR /w"],
    steps: [
      "[1/4] FROM docker.io/library/alpine:latest",
      "[2/4] RUN true",
      "[3/4] COPY a.txt /a",
      "[4/4] WORKDIR /w",
    ],
  },
  {
    name: "comments and blank",
    dockerfile: "# c\n\nFROM alpine\n# x\nRUN true && \\\n# inner\n  true\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c true &&   true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true &&   true"],
  },
  {
    name: "unicode",
    dockerfile: 'FROM alpine\nENV Ü=ö\nLABEL 日本=語\nCMD ["é\\u200b"]\nRUN echo ü\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","Ü=ö"],"Cmd":["é​"],"Labels":{"日本":"語"},"ArgsEscaped":true}',
    history: ["- ENV Ü=ö", "- LABEL 日本=語", '- CMD ["é\\u200b"]', "RUN /bin/sh -c echo ü # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN echo ü"],
  },
  {
    name: "label cli override",
    dockerfile: "FROM alpine\nLABEL a=1\n",
    labels: { b: "2", a: "3" },
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Labels":{"a":"3","b":"2"}}',
    history: ["- LABEL a=1"],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "mount only",
    dockerfile: "FROM alpine\nRUN --mount=type=tmpfs,target=/t true\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c true # buildkit"],
    steps: [
      "[stage-0 1/2] FROM docker.io/library/alpine:latest",
      "[stage-0 2/2] RUN --mount=type=tmpfs,target=/t true",
    ],
  },
  {
    name: "triple chain",
    dockerfile: "FROM alpine AS a\nRUN touch 1\nFROM a AS b\nRUN touch 2\nFROM b AS c\nRUN touch 3\nCMD c\n",
    target: "c",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh","-c","c"],"ArgsEscaped":true}',
    history: [
      "RUN /bin/sh -c touch 1 # buildkit",
      "RUN /bin/sh -c touch 2 # buildkit",
      "RUN /bin/sh -c touch 3 # buildkit",
      '- CMD ["/bin/sh" "-c" "c"]',
    ],
    steps: [
      "[a 1/2] FROM docker.io/library/alpine:latest",
      "[a 2/2] RUN touch 1",
      "[b 1/1] RUN touch 2",
      "[c 1/1] RUN touch 3",
    ],
  },
  {
    name: "copy from same image twice",
    dockerfile: "FROM alpine\nCOPY --from=busybox /etc /e1\nCOPY --from=busybox /etc /e2\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["COPY /etc /e1 # buildkit", "COPY /etc /e2 # buildkit"],
    steps: [
      "FROM docker.io/library/busybox:latest",
      "[stage-0 1/3] FROM docker.io/library/alpine:latest",
      "[stage-0 2/3] COPY --from=busybox /etc /e1",
      "[stage-0 3/3] COPY --from=busybox /etc /e2",
    ],
  },
  {
    name: "scratch stage from",
    dockerfile: "FROM scratch AS s\nCOPY a.txt /x\nFROM s\nCOPY b.txt /y\nENV Z=1\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","Z=1"],"WorkingDir":"/"}',
    history: ["COPY a.txt /x # buildkit", "COPY b.txt /y # buildkit", "- ENV Z=1"],
    steps: ["[s 1/1] COPY a.txt /x", "[stage-1 1/1] COPY b.txt /y"],
  },
  {
    name: "network none desc",
    dockerfile: "FROM alpine\nRUN --network=none --mount=type=cache,target=/x echo  two   spaces\n",
    config: '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c echo  two   spaces # buildkit"],
    steps: [
      "[stage-0 1/2] FROM docker.io/library/alpine:latest",
      "[stage-0 2/2] RUN --network=none --mount=type=cache,target=/x echo  two   spaces",
    ],
  },
  {
    name: "tabs",
    dockerfile: "FROM alpine\nRUN\ttrue\t&& true\nENV\tA=1\tB=2\nCOPY\ta.txt\t/t\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=1","B=2"],"Cmd":["sh"]}',
    history: ["RUN /bin/sh -c true\t&& true # buildkit", "- ENV A=1 B=2", "COPY a.txt /t # buildkit"],
    steps: [
      "[1/3] FROM docker.io/library/alpine:latest",
      "[2/3] RUN\tTRUE\t&& true",
      "[3/3] COPY\tA.TXT\t/T",
    ],
  },
  {
    name: "crlf",
    dockerfile: "FROM alpine\r\nENV A=1 \\\r\n  B=2\r\nRUN true\r\n",
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=1","B=2"],"Cmd":["sh"]}',
    history: ["- ENV A=1 B=2", "RUN /bin/sh -c true # buildkit"],
    steps: ["[1/2] FROM docker.io/library/alpine:latest", "[2/2] RUN true"],
  },
  {
    name: "dollar json",
    dockerfile: 'FROM alpine\nENTRYPOINT ["$HOME"]\nSHELL ["$SH"]\nCMD x\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["$HOME"],"Cmd":["$SH","x"],"ArgsEscaped":true,"Shell":["$SH"]}',
    history: ['- ENTRYPOINT ["$HOME"]', "- SHELL [$SH]", '- CMD ["$SH" "x"]'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "maintainer env",
    dockerfile: 'FROM alpine\nENV M=m\nMAINTAINER $M "q"\n',
    config:
      '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","M=m"],"Cmd":["sh"]}',
    author: '$M "q"',
    history: ["- ENV M=m", '- MAINTAINER $M "q"'],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
  {
    name: "env proto",
    dockerfile: "FROM alpine\nENV A=1 A=2 PATH=/z:$PATH\nENV A=3\n",
    config:
      '{"Env":["PATH=/z:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=3"],"Cmd":["sh"]}',
    history: [
      "- ENV A=1 A=2 PATH=/z:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "- ENV A=3",
    ],
    steps: ["[1/1] FROM docker.io/library/alpine:latest"],
  },
];
