------------------------------- MODULE Transaction -------------------------------
(***************************************************************************)
(* Transactions (P12): one TransactWriteItems commits an entry to several  *)
(* heads, all of them or none, and with it a group's offset.               *)
(*                                                                         *)
(* Plain entries carry `ep = the one read' for their heads.  After an      *)
(* ambiguous outcome the writer bumps ep of ONE of the heads until it is   *)
(* seen moved, then looks for its entry there: found, the whole            *)
(* transaction happened; not found, it did not and never will.             *)
(* Idempotent entries carry their producer's state for their heads; after  *)
(* an ambiguous outcome, or in another invocation, the heads tell.         *)
(*                                                                         *)
(* Requests execute late or never, answers get lost, writers stop for      *)
(* ever.  Plain commits to one head race the transactions.  How an entry   *)
(* is looked for in a head (tail, pages, coverage) is in Roll.tla: here a  *)
(* head holds its whole log.                                               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS
  Work,      \* [client -> Seq(<<1 if it goes to head 1, 1 if to head 2>>)]
  Kind,      \* [client -> "plain" | "idem" | "group"]; "group": plain, and it moves the group's offset
  MaxAtt,    \* invocations an idempotent client may try for one entry
  MaxTry,    \* requests one invocation may send
  Rebalance, \* the group may move to its next generation
  \* guards
  Atomic,    \* one transaction (else: an update a head)
  CondOn,    \* the condition stands on "all" heads | the "first" | "none"
  FenceOn,   \* the head to bump: "any" | "first" | "last"
  Recover,   \* after an ambiguous outcome, plain: "fence" | "look" (without a bump) | "blind" (send it again) |
             \*   "token" (send it again with the same client request token)
  Forget,    \* the database forgets a token (after ten minutes)
  LookIn,    \* look in the "same" head that was bumped | in the "other"
  LookFirst, \* look before the bump was seen
  GroupCond  \* the offset moves only if the generation is the one read, and forward

H == {1, 2}
Clients == DOMAIN Work
Ids == UNION {{<<c, i>> : i \in 1..Len(Work[c])} : c \in Clients}
HS(x) == {h \in H : Work[x[1]][x[2]][h] = 1}
Sq(x, h) == Cardinality({j \in 1..x[2] : h \in HS(<<x[1], j>>)})
Idem(x) == Kind[x[1]] = "idem"
Grouped(x) == Kind[x[1]] = "group"
AttIds == {<<x[1], x[2], k>> : x \in Ids, k \in 1..MaxAtt} \ {<<x[1], x[2], k>> : x \in {y \in Ids : ~Idem(y)}, k \in 2..MaxAtt}
IdOf(a) == <<a[1], a[2]>>
\* what an entry says: a group's clients all work through the same input, so entry i of each stands for input i
Says(a) == IF Grouped(IdOf(a)) THEN <<"input", a[2]>> ELSE IdOf(a)
MinOf(S) == CHOOSE x \in S : \A y \in S : x <= y
MaxOf(S) == CHOOSE x \in S : \A y \in S : y <= x
Z == [h \in H |-> 0]

VARIABLES head, grp, net, tok, att, acked
vars == <<head, grp, net, tok, att, acked>>

A0 == [st |-> "idle", rest |-> {}, hs |-> {}, g |-> Z, old |-> Z, gen |-> 0, t |-> 0, fh |-> 0, saw |-> FALSE]
End(a, how) == [att EXCEPT ![a] = [A0 EXCEPT !.st = how]]
Fresh(a) == [att EXCEPT ![a] = [A0 EXCEPT !.st = "read", !.rest = HS(IdOf(a)), !.t = att[a].t]]

Init ==
  /\ head = [h \in H |-> [ep |-> 0, log |-> <<>>, p |-> [c \in Clients |-> 0]]]
  /\ grp = [gen |-> 0, off |-> 0]
  /\ net = {} /\ tok = {} /\ att = [a \in AttIds |-> A0] /\ acked = {}
In(h, a) == \E j \in 1..Len(head[h].log) : head[h].log[j] = a
-----------------------------------------------------------------------------
Start(a) ==
  LET x == IdOf(a) IN
  /\ att[a].st = "idle" /\ x \notin acked
  /\ a[2] > 1 => <<a[1], a[2] - 1>> \in acked \/ (Grouped(x) /\ grp.off >= a[2] - 1)
  /\ a[3] > 1 => att[<<a[1], a[2], a[3] - 1>>].st # "idle"
  /\ Grouped(x) => grp.off = a[2] - 1              \* a member starts from the committed offset
  /\ att' = [Fresh(a) EXCEPT ![a].gen = grp.gen]
  /\ UNCHANGED <<head, grp, net, tok, acked>>

Read(a) ==        \* strong reads, one head at a time, in any order
  LET A == att[a] x == IdOf(a) IN
  /\ A.st = "read" /\ UNCHANGED <<head, grp, net, tok>>
  /\ \E h \in A.rest :
       LET q == head[h].p[a[1]] rest == A.rest \ {h}
           hs == IF Idem(x) /\ q >= Sq(x, h) THEN A.hs ELSE A.hs \cup {h} IN
       IF rest = {} /\ hs = {}
       THEN att' = End(a, "done") /\ acked' = acked \cup {x}
       ELSE /\ UNCHANGED acked
            /\ att' = [att EXCEPT ![a].rest = rest, ![a].hs = hs, ![a].g[h] = head[h].ep, ![a].old[h] = q,
                         ![a].st = IF rest = {} THEN (IF A.t < MaxTry THEN "ready" ELSE "gaveup") ELSE "read"]

Send(a) ==
  /\ att[a].st = "ready" /\ att[a].t < MaxTry
  /\ net' = net \cup {[a |-> a, t |-> att[a].t + 1, hs |-> att[a].hs, g |-> att[a].g, old |-> att[a].old, gen |-> att[a].gen]}
  /\ att' = [att EXCEPT ![a].st = "wait", ![a].t = @ + 1]
  /\ UNCHANGED <<head, grp, tok, acked>>

Carries(h, hs) == CondOn = "all" \/ (CondOn = "first" /\ h = MinOf(hs))
Cond(m, h) == Carries(h, m.hs) => IF Idem(IdOf(m.a)) THEN head[h].p[m.a[1]] = m.old[h] ELSE head[h].ep = m.g[h]
CondGrp(m) == (Grouped(IdOf(m.a)) /\ GroupCond) => grp.gen = m.gen /\ grp.off < m.a[2]

Apply(m, S) ==
  /\ head' = [h \in H |-> IF h \in S
                THEN [head[h] EXCEPT !.log = Append(@, m.a),
                        !.p[m.a[1]] = IF Idem(IdOf(m.a)) THEN Sq(IdOf(m.a), h) ELSE @]
                ELSE head[h]]
  /\ grp' = IF Grouped(IdOf(m.a)) THEN [grp EXCEPT !.off = m.a[2]] ELSE grp
Success(a) == att' = End(a, "done") /\ acked' = acked \cup {IdOf(a)}

Exec(m) ==
  LET a == m.a listening == att[a].st = "wait" /\ att[a].t = m.t
      ok == {h \in m.hs : Cond(m, h)} IN
  /\ m \in net /\ net' = net \ {m}
  /\ IF Recover = "token" /\ a \in tok
     THEN /\ UNCHANGED <<head, grp, tok>>          \* done before: answered, not executed
          /\ (listening /\ Success(a)) \/ UNCHANGED <<att, acked>>
     ELSE IF ok = m.hs /\ CondGrp(m)
     THEN /\ Apply(m, m.hs) /\ tok' = IF Recover = "token" THEN tok \cup {a} ELSE tok
          /\ (listening /\ Success(a)) \/ UNCHANGED <<att, acked>>
     ELSE /\ UNCHANGED <<tok, acked>>
          /\ IF ~Atomic /\ ok # {} THEN Apply(m, ok) ELSE UNCHANGED <<head, grp>>
          /\ (listening /\ att' = IF Grouped(IdOf(a)) /\ ~CondGrp(m) THEN End(a, "fenced") ELSE Fresh(a)) \/ UNCHANGED att
Part(m) ==        \* without a transaction: the updates of some heads execute, and then nothing more
  /\ ~Atomic /\ m \in net /\ net' = net \ {m}
  /\ \E S \in (SUBSET {h \in m.hs : Cond(m, h)}) \ {{}} : Apply(m, S)
  /\ UNCHANGED <<tok, att, acked>>
ForgetToken ==
  /\ Forget /\ \E a \in tok : tok' = tok \ {a}
  /\ UNCHANGED <<head, grp, net, att, acked>>

Timeout(a) ==
  LET A == att[a] x == IdOf(a) IN
  /\ A.st = "wait" /\ UNCHANGED <<head, grp, net, tok, acked>>
  /\ IF Idem(x) THEN att' = Fresh(a)
     ELSE CASE Recover = "fence" ->
                 \E h \in CASE FenceOn = "any" -> A.hs [] FenceOn = "first" -> {MinOf(A.hs)} [] FenceOn = "last" -> {MaxOf(A.hs)} :
                   att' = [att EXCEPT ![a].st = "fence", ![a].fh = h, ![a].saw = LookFirst /\ In(h, a)]
            [] Recover = "look" -> att' = [att EXCEPT ![a].st = "look", ![a].fh = MinOf(A.hs)]
            [] Recover \in {"blind", "token"} -> A.t < MaxTry /\ att' = [att EXCEPT ![a].st = "ready"]

Absent(a) == IF att[a].t < MaxTry /\ ~Grouped(IdOf(a)) THEN Fresh(a) ELSE End(a, "absent")
Resolve(a, there) == IF there THEN Success(a) ELSE att' = Absent(a) /\ UNCHANGED acked
Fence(a) ==       \* a strong read of the head: ep moved? then what it holds counts
  LET A == att[a] IN
  /\ A.st = "fence" /\ UNCHANGED <<head, grp, net, tok>>
  /\ IF head[A.fh].ep = A.g[A.fh] THEN att' = [att EXCEPT ![a].st = "bump"] /\ UNCHANGED acked
     ELSE IF LookFirst THEN Resolve(a, A.saw)
     ELSE IF LookIn = "same" \/ Cardinality(A.hs) = 1 THEN Resolve(a, In(A.fh, a))
     ELSE att' = [att EXCEPT ![a].st = "look", ![a].fh = MinOf(A.hs \ {A.fh})] /\ UNCHANGED acked
Bump(a) ==
  LET A == att[a] IN
  /\ A.st = "bump"
  /\ head' = IF head[A.fh].ep = A.g[A.fh] THEN [head EXCEPT ![A.fh].ep = @ + 1] ELSE head
  /\ att' = [att EXCEPT ![a].st = "fence"]
  /\ UNCHANGED <<grp, net, tok, acked>>
Look(a) ==
  /\ att[a].st = "look" /\ Resolve(a, In(att[a].fh, a))
  /\ UNCHANGED <<head, grp, net, tok>>

NextGeneration ==
  /\ Rebalance /\ grp.gen = 0 /\ grp' = [grp EXCEPT !.gen = 1]
  /\ UNCHANGED <<head, net, tok, att, acked>>

Next ==
  \/ \E a \in AttIds : Start(a) \/ Read(a) \/ Send(a) \/ Timeout(a) \/ Fence(a) \/ Bump(a) \/ Look(a)
  \/ \E m \in net : Exec(m) \/ Part(m)
  \/ ForgetToken \/ NextGeneration
Spec == Init /\ [][Next]_vars
-----------------------------------------------------------------------------
There(h, a) == Cardinality({j \in 1..Len(head[h].log) : head[h].log[j] = a})
\* an attempt of a plain client is in all its heads or in none; an idempotent entry likewise, whichever attempts did it
Whole == \A x \in Ids : \A h, k \in HS(x) :
           (\E j \in 1..Len(head[h].log) : IdOf(head[h].log[j]) = x) <=> (\E j \in 1..Len(head[k].log) : IdOf(head[k].log[j]) = x)
AtMostOnce == \A h \in H : \A j, k \in 1..Len(head[h].log) : Says(head[h].log[j]) = Says(head[h].log[k]) => j = k
Fifo == \A h \in H : \A j, k \in 1..Len(head[h].log) :
          LET a == head[h].log[j] b == head[h].log[k] IN
          ((a[1] = b[1] \/ (Grouped(IdOf(a)) /\ Grouped(IdOf(b)))) /\ a[2] < b[2]) => j < k
AckedThere == \A x \in acked : \A h \in HS(x) : \E j \in 1..Len(head[h].log) : IdOf(head[h].log[j]) = x
\* "certainly absent" stays true for ever
AbsentStays == \A a \in AttIds : att[a].st = "absent" => \A h \in H : There(h, a) = 0
\* the offset and the output moved together
OffsetWithOutput == \A h \in H : \A x \in {y \in Ids : Grouped(y) /\ h \in HS(y)} :
                      x[2] <= grp.off <=> \E j \in 1..Len(head[h].log) : Says(head[h].log[j]) = <<"input", x[2]>>
\* must be violated: the good end can be reached
NeverDone == ~\A x \in Ids : x \in acked \/ (Grouped(x) /\ grp.off >= x[2])
=============================================================================
