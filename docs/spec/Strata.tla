-------------------------------- MODULE Strata --------------------------------
(***************************************************************************)
(* What decision 0009 says: sealing, merging, rewriting, retention,        *)
(* collection, trimming, the deletion of topics, readers and repair, over  *)
(* one partition of a topic that is deleted and made again.                *)
(* Every read is a step; a catalog write is one conditional transaction.   *)
(* A request belongs to who sent it until it is done: late, or never.  Its *)
(* sender may stop for ever before or after that, which is all that a lost *)
(* answer can do, since whoever gets none gives up: what it does next is   *)
(* another operation.  Rows of garbage are due at once.                    *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS
  NSeal, NMerge, NRaise, NDrop, NCollect, NTrim, NFinish, NRepair,  \* how many operations of each kind, any number of them at once
  NTopics,       \* how often the topic is made
  Rec0, MaxRec,  \* records that it begins with, and may get
  MergeRows,     \* rows that a merge takes at most; one alone is rewritten
  Deletes,       \* topics are deleted (if more are made, they are anyway)
  Copies,        \* requests that are done once more at any time later: "put" (an object) | "garbage" (a row) |
                 \*   "transaction" (the other writes of the catalog)
  GarbageFirst,  \* a garbage row is put before its objects
  Release,       \* the swap's own garbage row goes "version" (if it is as it was put) | "any" (whatever it is) | "keep" (it stays)
  Doom,          \* the collector marks a row before it deletes its objects
  SwapLive, FrontCond, RowAbsent, MergeCond,  \* swap: the topic lives, the frontier / there is no such row / the rows are as they were read
  Replaced,      \* objects that a swap replaces get their garbage row "swap" (with it) | "after" (it was done) | "before" (while it is on its way)
  RaiseCond, DropCond,  \* retention: the frontier / the row is as it was read
  TrimRead,      \* the journal is trimmed to a frontier that was read (FALSE: also to the one of a swap that was sent)
  PutLive,       \* a garbage row is put only if the topic lives
  LookGone,      \* collectors look for garbage of topics whose deletion is over, too
  NewIds,        \* a topic that is made again has a new id
  RepairOrder,   \* "gr": garbage rows, then segment rows | "rg"
  ReaderOn, CacheOn,  \* the reader may use a frontier and a row that it read earlier
  Refresh,       \* a missing object makes it start again
  Coverage,      \* ... and a row that ends before the offset
  StartStrong    \* ... and it takes the journal's start for the log's by a frontier that was read now only

Ids == 1..NTopics
Op(k, n) == {<<k, i>> : i \in 1..n}
Ops == Op("seal", NSeal) \cup Op("merge", NMerge) \cup Op("raise", NRaise) \cup Op("drop", NDrop) \cup Op("collect", NCollect)
       \cup Op("trim", NTrim) \cup Op("finish", NFinish) \cup Op("repair", NRepair)
None == [none |-> TRUE]
Empty == [x \in {} |-> 0]
NoFront == [v |-> 0, s |-> 0, t |-> 0]   \* version, sealed up to, log start offset; version 0: there is no row
Rm(f, S) == [x \in DOMAIN f \ S |-> f[x]]
Put(f, k, v) == [x \in DOMAIN f \cup {k} |-> IF x = k THEN v ELSE f[x]]
MaxOf(S) == CHOOSE x \in S : \A y \in S : y <= x
Max2(a, b) == IF a > b THEN a ELSE b
Floor(f, o) == {b \in DOMAIN f : b <= o}
Copied(t) == \E j \in 1..Len(Copies) : Copies[j] = t

VARIABLES made,   \* topics so far
          live,   \* rows `topic-ids'
          pend,   \* deletions that are not over (put with the end of the live row)
          jr,     \* id -> journal: start, hw, topic (which making of it), closed
          fr, rows, gb,  \* id -> frontier | id -> base -> row [x (next), o (object), v] | garbage id -> [id, os, v]; v = 2: doomed
          objs, net, p, rd,
          gone, reps  \* ghosts: objects that were deleted once | that repair deletes
cat == <<live, pend, fr, rows, gb>>
vars == <<made, live, pend, jr, fr, rows, gb, objs, net, p, rd, gone, reps>>

Journal(n) == [start |-> 0, hw |-> Rec0, topic |-> n, closed |-> FALSE]
Init ==
  /\ made = 1 /\ live = {1} /\ pend = {}
  /\ jr = [i \in Ids |-> IF i = 1 THEN Journal(1) ELSE [Journal(0) EXCEPT !.closed = TRUE]]
  /\ fr = [i \in Ids |-> NoFront] /\ rows = [i \in Ids |-> Empty] /\ gb = Empty /\ objs = {} /\ net = {}
  /\ p = [a \in Ops |-> [st |-> "new"]]
  /\ rd = [st |-> "idle", pos |-> 0, f |-> NoFront, c |-> None, fresh |-> FALSE, bad |-> "ok"]
  /\ gone = {} /\ reps = {}
-----------------------------------------------------------------------------
Begins(a) == p[a].st = "new" /\ (a[2] > 1 => p[<<a[1], a[2] - 1>>].st # "new")
At(a, st) == p[a].st = st
Go(a, st) == p' = [p EXCEPT ![a].st = st]
End(a, ok) == p' = [p EXCEPT ![a] = [st |-> IF ok THEN "ok" ELSE "off"]]
Done(a) == End(a, TRUE) \/ (Copied("transaction") /\ UNCHANGED p)
Own(a) == <<a[1], a[2], 1>>       \* ids of garbage rows are random, so nobody else's
Second(a) == <<a[1], a[2], 2>>
GarbageCan(m) == m.g \notin DOMAIN gb /\ (PutLive => m.id \in live)
Garbage(m) == Put(gb, m.g, [id |-> m.id, os |-> m.os, v |-> 1])

(* Producers, and the topic itself *)
Produce == /\ \E i \in live : ~jr[i].closed /\ jr[i].hw < MaxRec /\ jr' = [jr EXCEPT ![i].hw = @ + 1]
           /\ UNCHANGED <<made, cat, objs, net, p, rd, gone, reps>>
Delete == /\ Deletes \/ made < NTopics
          /\ \E i \in live : live' = live \ {i} /\ pend' = pend \cup {i}
          /\ UNCHANGED <<made, jr, fr, rows, gb, objs, net, p, rd, gone, reps>>
Make == /\ live = {} /\ made < NTopics /\ made' = made + 1
        /\ LET i == IF NewIds THEN made + 1 ELSE 1 IN
           /\ i \notin pend
           /\ live' = {i} /\ jr' = [jr EXCEPT ![i] = Journal(made + 1)]
        /\ UNCHANGED <<pend, fr, rows, gb, objs, net, p, rd, gone, reps>>
-----------------------------------------------------------------------------
(* Who writes objects: garbage row, objects, swap.  Which comes first: the state after reading what to do. *)
First == IF GarbageFirst THEN "garbage" ELSE "read"
PutGarbage(a) ==
  LET m == [t |-> "garbage", g |-> Own(a), id |-> p[a].id, os |-> {p[a].o}] IN
  /\ At(a, "garbage")
  /\ IF GarbageCan(m) THEN gb' = Garbage(m) /\ Go(a, IF GarbageFirst THEN "read" ELSE "swap") ELSE UNCHANGED gb /\ End(a, FALSE)
  /\ net' = IF Copied("garbage") THEN net \cup {m} ELSE net
  /\ UNCHANGED <<made, live, pend, jr, fr, rows, objs, rd, gone, reps>>
PutObject(a) ==
  /\ At(a, "put") /\ objs' = objs \cup {p[a].o}
  /\ net' = IF Copied("put") THEN net \cup {[t |-> "put", o |-> p[a].o]} ELSE net
  /\ Go(a, IF GarbageFirst THEN "swap" ELSE "garbage")
  /\ UNCHANGED <<made, cat, jr, rd, gone, reps>>
Copy == /\ \E m \in net :
             /\ net' = net \ {m}
             /\ IF m.t = "put" THEN objs' = objs \cup {m.o} /\ UNCHANGED gb
                ELSE gb' = (IF GarbageCan(m) THEN Garbage(m) ELSE gb) /\ UNCHANGED objs
        /\ UNCHANGED <<made, live, pend, jr, fr, rows, p, rd, gone, reps>>
Released(a) == Release = "version" => Own(a) \in DOMAIN gb /\ gb[Own(a)].v = 1
GbLeft(a) == IF Release = "keep" THEN gb ELSE Rm(gb, {Own(a)})

SealFront(a) ==
  /\ a[1] = "seal" /\ Begins(a)
  /\ \E i \in live : p' = [p EXCEPT ![a] = [st |-> "head", id |-> i, f |-> fr[i]]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
SealHead(a) ==  \* what ends below the log start offset needs no segment
  LET i == p[a].id f == p[a].f j == jr[i] IN
  /\ a[1] = "seal" /\ At(a, "head") /\ ~j.closed /\ j.start <= f.s
  /\ \E x \in (f.s + 1)..j.hw :
       p' = [p EXCEPT ![a] = [st |-> IF x > f.t THEN First ELSE "swap", id |-> i, f |-> f,
               o |-> IF x > f.t THEN [k |-> a, id |-> i, topic |-> j.topic, b |-> f.s, x |-> x] ELSE None, x |-> x]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
SealRead(a) ==
  LET j == jr[p[a].id] IN
  /\ a[1] = "seal" /\ At(a, "read")
  /\ IF j.closed \/ j.start > p[a].f.s THEN End(a, FALSE) ELSE Go(a, "put")
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
SealSwap(a) ==
  LET s == p[a] i == s.id IN
  /\ a[1] = "seal" /\ At(a, "swap")
  /\ IF /\ SwapLive => i \in live
        /\ FrontCond => fr[i].v = s.f.v
        /\ s.o # None => Released(a) /\ (RowAbsent => s.f.s \notin DOMAIN rows[i])
     THEN /\ fr' = [fr EXCEPT ![i] = [v |-> @.v + 1, s |-> s.x, t |-> s.f.t]]
          /\ IF s.o = None THEN UNCHANGED <<rows, gb>>
             ELSE /\ rows' = [rows EXCEPT ![i] = Put(@, s.f.s, [x |-> s.x, o |-> s.o, v |-> 1])]
                  /\ gb' = GbLeft(a)
          /\ Done(a)
     ELSE UNCHANGED <<fr, rows, gb>> /\ End(a, FALSE)
  /\ UNCHANGED <<made, live, pend, jr, objs, net, rd, gone, reps>>
SealTrims(a) ==
  /\ ~TrimRead /\ a[1] = "seal" /\ At(a, "swap")
  /\ jr' = [jr EXCEPT ![p[a].id].start = Max2(@, p[a].x)]
  /\ UNCHANGED <<made, cat, objs, net, p, rd, gone, reps>>

Row(i, b) == [b |-> b, x |-> rows[i][b].x, o |-> rows[i][b].o, v |-> rows[i][b].v]
MergeRead(a) ==
  /\ a[1] = "merge" /\ Begins(a)
  /\ \E i \in Ids : \E b \in DOMAIN rows[i] :
       LET r == Row(i, b)
           two == IF MergeRows > 1 /\ r.x \in DOMAIN rows[i] THEN {<<r, Row(i, r.x)>>} ELSE {} IN
       \E rs \in {<<r>>} \cup two :
         p' = [p EXCEPT ![a] = [st |-> First, id |-> i, rs |-> rs,
                 o |-> [k |-> a, id |-> i, topic |-> r.o.topic, b |-> b, x |-> rs[Len(rs)].x]]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
Inputs(a) == {p[a].rs[j].o : j \in 1..Len(p[a].rs)}
MergeInputs(a) ==
  /\ a[1] = "merge" /\ At(a, "read")
  /\ IF Inputs(a) \subseteq objs THEN Go(a, "put") ELSE End(a, FALSE)
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
MergeSwap(a) ==
  LET s == p[a] i == s.id R == rows[i] N == 1..Len(s.rs)
      old == [t |-> "garbage", g |-> Second(a), id |-> i, os |-> Inputs(a)] IN
  /\ a[1] = "merge" /\ At(a, "swap")
  /\ IF /\ SwapLive => i \in live
        /\ MergeCond => \A j \in N : s.rs[j].b \in DOMAIN R /\ R[s.rs[j].b].v = s.rs[j].v
        /\ Released(a)
     THEN /\ rows' = [rows EXCEPT ![i] = Put(Rm(@, {s.rs[j].b : j \in N}), s.rs[1].b,
                        [x |-> s.o.x, o |-> s.o, v |-> s.rs[1].v + 1])]
          /\ gb' = IF Replaced = "swap" THEN Put(GbLeft(a), old.g, [id |-> i, os |-> old.os, v |-> 1]) ELSE GbLeft(a)
          /\ IF Replaced = "after" THEN Go(a, "after") ELSE Done(a)
     ELSE UNCHANGED <<rows, gb>> /\ End(a, FALSE)
  /\ UNCHANGED <<made, live, pend, jr, fr, objs, net, rd, gone, reps>>
MergeAfter(a) ==
  /\ a[1] = "merge" /\ At(a, "after")
  /\ gb' = Put(gb, Second(a), [id |-> p[a].id, os |-> Inputs(a), v |-> 1]) /\ End(a, TRUE)
  /\ UNCHANGED <<made, live, pend, jr, fr, rows, objs, net, rd, gone, reps>>
MergeBefore(a) ==
  /\ Replaced = "before" /\ a[1] = "merge" /\ At(a, "swap")
  /\ gb' = Put(gb, Second(a), [id |-> p[a].id, os |-> Inputs(a), v |-> 1])
  /\ UNCHANGED <<made, live, pend, jr, fr, rows, objs, net, p, rd, gone, reps>>
Writer(a) ==
  \/ PutGarbage(a) \/ PutObject(a) \/ SealFront(a) \/ SealHead(a) \/ SealRead(a) \/ SealSwap(a) \/ SealTrims(a)
  \/ MergeRead(a) \/ MergeInputs(a) \/ MergeSwap(a) \/ MergeAfter(a) \/ MergeBefore(a)
-----------------------------------------------------------------------------
(* Retention, trimming *)
RaiseRead(a) ==
  /\ a[1] = "raise" /\ Begins(a)
  /\ \E i \in live : \E t \in {rows[i][b].x : b \in DOMAIN rows[i]} \cup {jr[i].hw} :
       t > fr[i].t /\ p' = [p EXCEPT ![a] = [st |-> "raise", id |-> i, f |-> fr[i], to |-> t]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
Raise(a) ==
  LET s == p[a] i == s.id IN
  /\ At(a, "raise")
  /\ IF (SwapLive => i \in live) /\ (RaiseCond => fr[i].v = s.f.v)
     THEN fr' = [fr EXCEPT ![i] = [v |-> @.v + 1, s |-> s.f.s, t |-> s.to]] /\ Done(a)
     ELSE UNCHANGED fr /\ End(a, FALSE)
  /\ UNCHANGED <<made, live, pend, jr, rows, gb, objs, net, rd, gone, reps>>
DropRead(a) ==  \* what has expired, and all of a topic that is gone
  /\ a[1] = "drop" /\ Begins(a)
  /\ \E i \in live \cup pend : \E b \in DOMAIN rows[i] :
       /\ i \in pend \/ rows[i][b].x <= fr[i].t
       /\ p' = [p EXCEPT ![a] = [st |-> "drop", id |-> i, r |-> Row(i, b)]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
Drop(a) ==
  LET s == p[a] R == rows[s.id] b == s.r.b IN
  /\ At(a, "drop")
  /\ IF DropCond => b \in DOMAIN R /\ R[b].v = s.r.v
     THEN /\ rows' = [rows EXCEPT ![s.id] = Rm(@, {b})]
          /\ gb' = Put(gb, Own(a), [id |-> s.id, os |-> {s.r.o}, v |-> 1]) /\ Done(a)
     ELSE UNCHANGED <<rows, gb>> /\ End(a, FALSE)
  /\ UNCHANGED <<made, live, pend, jr, fr, objs, net, rd, gone, reps>>
TrimFront(a) ==
  /\ a[1] = "trim" /\ Begins(a)
  /\ \E i \in live : fr[i].s > jr[i].start /\ p' = [p EXCEPT ![a] = [st |-> "trim", id |-> i, s |-> fr[i].s]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
Trim(a) ==
  LET i == p[a].id IN
  /\ At(a, "trim") /\ End(a, TRUE)
  /\ jr' = IF jr[i].closed THEN jr ELSE [jr EXCEPT ![i].start = Max2(@, p[a].s)]
  /\ UNCHANGED <<made, cat, objs, net, rd, gone, reps>>
Keeper(a) == RaiseRead(a) \/ Raise(a) \/ DropRead(a) \/ Drop(a) \/ TrimFront(a) \/ Trim(a)
-----------------------------------------------------------------------------
(* Collection *)
Looked == IF LookGone THEN Ids ELSE live \cup pend
CollectRead(a) ==
  /\ a[1] = "collect" /\ Begins(a)
  /\ \E g \in DOMAIN gb :
       /\ gb[g].id \in Looked
       /\ p' = [p EXCEPT ![a] = [st |-> IF Doom /\ gb[g].v = 1 THEN "doom" ELSE "clear", g |-> g, os |-> gb[g].os]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
DoomRow(a) ==
  LET g == p[a].g IN
  /\ At(a, "doom")
  /\ IF g \in DOMAIN gb /\ gb[g].v = 1 THEN gb' = [gb EXCEPT ![g].v = 2] /\ Go(a, "clear") ELSE UNCHANGED gb /\ End(a, FALSE)
  /\ UNCHANGED <<made, live, pend, jr, fr, rows, objs, net, rd, gone, reps>>
ClearOne(a) ==
  /\ At(a, "clear")
  /\ \E o \in p[a].os :
       /\ objs' = objs \ {o} /\ gone' = gone \cup {o}
       /\ p' = [p EXCEPT ![a].os = @ \ {o}]
  /\ UNCHANGED <<made, cat, jr, net, rd, reps>>
ClearRow(a) ==
  LET g == p[a].g can == g \in DOMAIN gb /\ gb[g].v = (IF Doom THEN 2 ELSE 1) IN
  /\ At(a, "clear") /\ p[a].os = {}
  /\ gb' = IF can THEN Rm(gb, {g}) ELSE gb
  /\ End(a, can)
  /\ UNCHANGED <<made, live, pend, jr, fr, rows, objs, net, rd, gone, reps>>
Collector(a) == CollectRead(a) \/ DoomRow(a) \/ ClearOne(a) \/ ClearRow(a)
-----------------------------------------------------------------------------
(* The end of a deletion; what it does with rows is Drop.  Whoever takes it up begins anew. *)
FinishClose(a) ==
  /\ a[1] = "finish" /\ Begins(a)
  /\ \E i \in pend : p' = [p EXCEPT ![a] = [st |-> "rows", id |-> i]] /\ jr' = [jr EXCEPT ![i].closed = TRUE]
  /\ UNCHANGED <<made, cat, objs, net, rd, gone, reps>>
FinishRows(a) ==
  /\ At(a, "rows") /\ rows[p[a].id] = Empty /\ Go(a, "front")
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
FinishFront(a) ==
  /\ At(a, "front") /\ fr' = [fr EXCEPT ![p[a].id] = NoFront] /\ Go(a, "empty")
  /\ UNCHANGED <<made, live, pend, jr, rows, gb, objs, net, rd, gone, reps>>
FinishGarbage(a) ==
  /\ At(a, "empty") /\ (\A g \in DOMAIN gb : gb[g].id # p[a].id) /\ Go(a, "over")
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
FinishOver(a) ==
  /\ At(a, "over") /\ pend' = pend \ {p[a].id} /\ End(a, TRUE)
  /\ UNCHANGED <<made, live, jr, fr, rows, gb, objs, net, rd, gone, reps>>
Finish(a) == FinishClose(a) \/ FinishRows(a) \/ FinishFront(a) \/ FinishGarbage(a) \/ FinishOver(a)
-----------------------------------------------------------------------------
(* Repair: an object is listed, looked for in garbage rows, then in segment rows *)
InGarbage(o) == \E g \in DOMAIN gb : o \in gb[g].os
InRows(o) == \E i \in Ids : \E b \in DOMAIN rows[i] : rows[i][b].o = o
RepairList(a) ==
  /\ a[1] = "repair" /\ Begins(a)
  /\ \E o \in objs : p' = [p EXCEPT ![a] = [st |-> "one", o |-> o]]
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone, reps>>
RepairLook(a) ==
  LET o == p[a].o inG == (RepairOrder = "gr") = At(a, "one") IN
  /\ a[1] = "repair" /\ (At(a, "one") \/ At(a, "two"))
  /\ IF IF inG THEN InGarbage(o) ELSE InRows(o) THEN End(a, FALSE) /\ UNCHANGED reps
     ELSE IF At(a, "one") THEN Go(a, "two") /\ UNCHANGED reps
     ELSE Go(a, "delete") /\ reps' = reps \cup {o}
  /\ UNCHANGED <<made, cat, jr, objs, net, rd, gone>>
RepairDelete(a) ==
  /\ a[1] = "repair" /\ At(a, "delete") /\ End(a, TRUE)
  /\ objs' = objs \ {p[a].o} /\ gone' = gone \cup {p[a].o}
  /\ UNCHANGED <<made, cat, jr, net, rd, reps>>
Repair(a) == RepairList(a) \/ RepairLook(a) \/ RepairDelete(a)
-----------------------------------------------------------------------------
(* Reader of topic 1, record by record *)
RUn == UNCHANGED <<made, cat, jr, objs, net, p, gone, reps>>
Idle(pos, bad) == [st |-> "idle", pos |-> pos, f |-> rd.f, c |-> rd.c, fresh |-> FALSE, bad |-> bad]
Again == [Idle(rd.pos, rd.bad) EXCEPT !.fresh = TRUE, !.c = None]
Next1 == Idle(rd.pos + 1, rd.bad)
RdHead ==
  /\ ReaderOn /\ rd.st = "idle" /\ RUn
  /\ jr[1].closed \/ rd.pos < jr[1].hw
  /\ rd' = IF jr[1].closed THEN [Idle(rd.pos, rd.bad) EXCEPT !.st = "gone", !.c = None, !.f = NoFront]
           ELSE [Idle(rd.pos, rd.bad) EXCEPT !.st = "front", !.fresh = rd.fresh] @@ [s |-> jr[1].start]
Decide(f, isOld) ==
  LET I == [Idle(rd.pos, rd.bad) EXCEPT !.f = f] IN
  IF rd.s > f.s /\ (~isOld \/ StartStrong) THEN {[Again EXCEPT !.f = f]}   \* the topic is being deleted
  ELSE IF rd.s > f.s /\ rd.pos < rd.s THEN {[I EXCEPT !.pos = rd.s, !.bad = IF rd.s > fr[1].t THEN "skip" ELSE @]}
  ELSE IF rd.pos < f.t THEN {[I EXCEPT !.pos = f.t, !.bad = IF 1 \in live /\ f.t > fr[1].t THEN "skip" ELSE @]}
  ELSE (IF rd.pos < f.s THEN {[I EXCEPT !.st = "row", !.fresh = rd.fresh]} ELSE {})
       \cup (IF rd.pos >= rd.s THEN {[I EXCEPT !.st = "journal"]} ELSE {})
RdFront ==
  /\ rd.st = "front" /\ RUn
  /\ \/ rd' \in Decide(fr[1], FALSE)
     \/ CacheOn /\ ~rd.fresh /\ (rd.s <= rd.f.s \/ ~StartStrong) /\ rd' \in Decide(rd.f, TRUE)
Covers(r, o) == r # None /\ r.b <= o /\ o < r.x
RdRow ==
  LET F == Floor(rows[1], rd.pos) r == Row(1, MaxOf(F)) IN
  /\ rd.st = "row" /\ RUn
  /\ \/ rd' = IF F # {} /\ (Coverage => Covers(r, rd.pos)) THEN [rd EXCEPT !.st = "fetch", !.c = r] ELSE Again
     \/ CacheOn /\ ~rd.fresh /\ Covers(rd.c, rd.pos) /\ rd' = [rd EXCEPT !.st = "fetch"]
RdFetch ==
  LET o == rd.c.o IN
  /\ rd.st = "fetch" /\ RUn
  /\ rd' = IF o \notin objs THEN IF Refresh THEN Again ELSE Idle(rd.pos, "missing")
           ELSE IF o.id = 1 /\ o.topic = 1 /\ o.b <= rd.pos /\ rd.pos < o.x THEN Next1 ELSE Idle(rd.pos, "wrong")
RdJournal ==
  /\ rd.st = "journal" /\ RUn
  /\ rd' = IF jr[1].closed \/ jr[1].start > rd.pos THEN Again ELSE Next1
Rdr == RdHead \/ RdFront \/ RdRow \/ RdFetch \/ RdJournal
-----------------------------------------------------------------------------
Other == \/ Produce \/ Delete \/ Make \/ Copy
         \/ \E a \in Ops : Writer(a) \/ Keeper(a) \/ Collector(a) \/ Finish(a) \/ Repair(a)
Next == Other \/ Rdr
Spec == Init /\ [][Next]_vars
LiveSpec == Spec /\ WF_vars(Rdr)
\* all others stop in the end, so: the reader catches up
ReaderLive == []<>(rd.pos >= jr[1].hw)
-----------------------------------------------------------------------------
Right(i, b) == LET r == rows[i][b] IN
  r.o \in objs /\ r.o.id = i /\ r.o.topic = jr[i].topic /\ r.o.b = b /\ r.o.x = r.x
IndexOK == \A i \in live : \A o \in fr[i].t..(jr[i].hw - 1) :
  IF o < fr[i].s THEN LET F == Floor(rows[i], o) b == MaxOf(F) IN F # {} /\ o < rows[i][b].x /\ Right(i, b)
  ELSE o >= jr[i].start
StartOK == \A i \in live : fr[i].t <= jr[i].hw /\ fr[i].s <= jr[i].hw
NoDangling == \A i \in Ids : \A b \in DOMAIN rows[i] : rows[i][b].o \in objs
ReaderOK == rd.bad = "ok"
\* everyone may stop now and all that is on its way be lost: what is there is referred to, or will be collected, or came back
NoLeak ==
  /\ \A o \in objs : InRows(o) \/ InGarbage(o) \/ o \in gone
  /\ \A i \in Ids \ (live \cup pend) :
       rows[i] = Empty /\ fr[i] = NoFront /\ (~LookGone => \A g \in DOMAIN gb : gb[g].id # i)
RepairSafe == \A o \in reps : ~InRows(o)
\* sanity: must be violated (the good end is reachable)
NeverDone == ~(/\ \A a \in Ops : \E i \in 1..Cardinality(Ops) : <<a[1], i>> \in Ops /\ p[<<a[1], i>>].st = "ok"
               /\ made = NTopics /\ (NFinish > 0 => 1 \notin live \cup pend)
               /\ ReaderOn => rd.pos = MaxRec \/ rd.st = "gone")
=============================================================================
