/* SPDX-License-Identifier: MIT */
/*
 * The phone tracker against what real phones were recorded to do (phones.md 4), and against the
 * neighbours of these records that must not count as a recovery.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "play_rig.h"

#define FOUR                                                                                       \
	"12 get jar70sccp.8-3-2-27.sbn\n13 get cnu70.8-3-2-27.sbn\n14 get apps70.8-3-2-27.sbn\n"   \
	"15 get dsp70.8-3-2-27.sbn\n"
#define FIVE	    FOUR "16 get cvm70sccp.8-3-2-27.sbn\n"
#define LISTED_7970 "0 seen\n1 leased\n10 listed SCCP70.8-3-3S\n"
#define PROVEN_7970                                                                                \
	LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n" \
		    "71 recovered SCCP70.8-3-3S\n71 alive SCCP70.8-3-3S 71\n"
#define LOADER_WALK                                                                                \
	"20 miss CTLSEP0011BB73AD61.tlv\n20 miss SEP0011BB73AD61.cnf.xml\n"                        \
	"20 miss SIP0011BB73AD61.cnf\n20 miss MGC0011BB73AD61.cnf\n20 get XMLDefault.cnf.xml\n"

static const struct {
	const char *name, *script, *expected;
	unsigned recovered;
} cases[] = {
	{"7970 erased, everything, back",
	 ERASED_7970 FIVE "90 ack " C7970 "92 miss CTLSEP001B54CA0102.tlv\n"
			  "92 miss SEP001B54CA0102.cnf.xml\n94 get XMLDefault.cnf.xml\n"
			  "95 ask /g3-tones.xml\n99 miss CTLSEP001B54CA0102.tlv\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n",
	 1},
	{"back, and it only compares the list of what it runs",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "95 get SCCP70.8-3-3S.loads\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n",
	 1},
	{"the application's files are proof, CTL and SEP alone are not",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n93 miss SEP001B54CA0102.cnf.xml\n"
			  "93 miss SEP001B54CA0102.cnf.xml\n95 ask US/g3-tones.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "95 recovered SCCP70.8-3-3S\n95 alive SCCP70.8-3-3S 95\n",
	 1},
	{"XMLDefault asked for and not taken",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n93 start XMLDefault.cnf.xml\n"
			  "94 abort XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n",
	 0},
	{"everything fetched, silence", ERASED_7970 FIVE "900 ack " C7970,
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n", 0},
	{"power cut while writing: starts over, then comes back",
	 ERASED_7970 FIVE
	 "60 ask term70.default.loads\n60 get term70.default.loads\n"
	 "61 get cvm70sccp.8-3-2-27.sbn\n70 ask ITLFile.tlv\n71 get SEP001B54CA0102.cnf.xml\n",
	 LISTED_7970
	 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n60 listed SCCP70.8-3-3S\n"
	 "61 fetching SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n71 recovered SCCP70.8-3-3S\n"
	 "71 alive SCCP70.8-3-3S 71\n",
	 1},
	{"members skipped: alive, but which load was not seen",
	 ERASED_7970 "12 get cvm70sccp.8-3-2-27.sbn\n70 ask CTLSEP001B54CA0102.tlv\n"
		     "71 get XMLDefault.cnf.xml\n",
	 LISTED_7970
	 "12 fetching SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n71 recovered\n71 alive ? 71\n",
	 1},
	{"the last ACK of the last member never came: alive, but which load was not seen",
	 ERASED_7970 FOUR "16 unsure cvm70sccp.8-3-2-27.sbn\n70 ask CTLSEP001B54CA0102.tlv\n"
			  "71 get XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n"
		     "70 back SCCP70.8-3-3S\n71 recovered\n71 alive ? 71\n",
	 1},
	{"nor that of one before it, but it went on to the next",
	 ERASED_7970 "12 unsure jar70sccp.8-3-2-27.sbn\n13 unsure cnu70.8-3-2-27.sbn\n"
		     "14 get apps70.8-3-2-27.sbn\n15 unsure dsp70.8-3-2-27.sbn\n"
		     "16 get cvm70sccp.8-3-2-27.sbn\n70 ask CTLSEP001B54CA0102.tlv\n"
		     "71 get XMLDefault.cnf.xml\n",
	 PROVEN_7970, 1},
	{"it fetches the last one again, and now the ACK comes",
	 ERASED_7970 FOUR "16 unsure cvm70sccp.8-3-2-27.sbn\n18 get cvm70sccp.8-3-2-27.sbn\n"
			  "70 ask CTLSEP001B54CA0102.tlv\n71 get XMLDefault.cnf.xml\n",
	 PROVEN_7970, 1},
	{"the last ACK of the list never came: it is told so when the phone has all of it",
	 "0 discover " C7970 "1 ack " C7970
	 "2 from SCCP70.8-3-3S\n10 start term70.default.loads\n" FIVE
	 "17 late term70.default.loads\n70 ask CTLSEP001B54CA0102.tlv\n71 get XMLDefault.cnf.xml\n",
	 "0 seen\n1 leased\n12 listed SCCP70.8-3-3S\n12 fetching SCCP70.8-3-3S\n"
	 "16 writing SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n71 recovered SCCP70.8-3-3S\n"
	 "71 alive SCCP70.8-3-3S 71\n",
	 1},
	{"it comes late, when the first member is under way",
	 "0 discover " C7970 "1 ack " C7970 "2 from SCCP70.8-3-3S\n10 start term70.default.loads\n"
	 "12 start jar70sccp.8-3-2-27.sbn\n13 done term70.default.loads\n"
	 "14 done jar70sccp.8-3-2-27.sbn\n",
	 "0 seen\n1 leased\n12 listed SCCP70.8-3-3S\n12 fetching SCCP70.8-3-3S\n", 0},
	{"that of a 7960, as seen on a wire that loses a third",
	 "0 from P0S3-8-12-00\n20 start P0S3-8-12-00.loads\n20 get P0S3-8-12-00.sb2\n"
	 "21 late P0S3-8-12-00.loads\n90 cdp P0S3-8-12-00\n90 ask SIPDefault.cnf\n",
	 "20 seen\n20 listed P0S3-8-12-00\n20 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n"
	 "90 recovered P0S3-8-12-00\n90 alive P0S3-8-12-00 70 by cdp\n",
	 1},
	{"that of the list of what it runs: it compares, and is not asked to fetch anything",
	 ERASED_7970 FIVE "92 miss CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "95 start SCCP70.8-3-3S.loads\n95 get XMLDefault.cnf.xml\n"
			  "96 late SCCP70.8-3-3S.loads\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n",
	 1},
	{"it gave up its list, and takes it again",
	 "0 discover " C7970 "1 ack " C7970 "2 from SCCP70.8-3-3S\n10 start term70.default.loads\n"
	 "10 abort term70.default.loads\n11 get term70.default.loads\n"
	 "12 get jar70sccp.8-3-2-27.sbn\n30 start term70.default.loads\n"
	 "31 late term70.default.loads\n",
	 "0 seen\n1 leased\n11 listed SCCP70.8-3-3S\n12 fetching SCCP70.8-3-3S\n"
	 "31 listed SCCP70.8-3-3S\n",
	 0},
	{"that of a member, told when the next one is under way: it has both",
	 ERASED_7970 "12 start jar70sccp.8-3-2-27.sbn\n13 start cnu70.8-3-2-27.sbn\n"
		     "13 late jar70sccp.8-3-2-27.sbn\n13 done cnu70.8-3-2-27.sbn\n"
		     "14 get apps70.8-3-2-27.sbn\n15 get dsp70.8-3-2-27.sbn\n"
		     "16 get cvm70sccp.8-3-2-27.sbn\n70 ask CTLSEP001B54CA0102.tlv\n"
		     "71 get XMLDefault.cnf.xml\n",
	 PROVEN_7970, 1},
	{"that of the last member, told when it runs: it does not fetch it once more",
	 ERASED_7970 FOUR "16 start cvm70sccp.8-3-2-27.sbn\n70 ask CTLSEP001B54CA0102.tlv\n"
			  "70 late cvm70sccp.8-3-2-27.sbn\n71 get XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n70 back SCCP70.8-3-3S\n71 recovered\n"
		     "71 alive ? 71\n",
	 1},
	{"that of a member, told when it starts over: the new round is not begun by that",
	 ERASED_7970 "12 start jar70sccp.8-3-2-27.sbn\n20 get term70.default.loads\n"
		     "21 late jar70sccp.8-3-2-27.sbn\n22 get cnu70.8-3-2-27.sbn\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n20 listed SCCP70.8-3-3S\n"
		     "22 fetching SCCP70.8-3-3S\n",
	 0},
	{"7911, member missing, connection dropped (W-SYSOP), and round again",
	 "0 discover Cisco Systems, Inc. IP Phone CP-7911G\n1 ack \n10 from SIP11.8-2-2ES4S\n"
	 "10 get term11.default.loads\n10 miss Jar11sip.8-2-2ES4.sbn\n10 start cnu11.8-2-2ES4.sbn\n"
	 "11 abort cnu11.8-2-2ES4.sbn\n50 get term11.default.loads\n50 miss "
	 "Jar11sip.8-2-2ES4.sbn\n",
	 "0 seen\n1 leased\n10 listed SIP11.8-2-2ES4S\n10 fetching SIP11.8-2-2ES4S\n"
	 "50 listed SIP11.8-2-2ES4S\n",
	 0},
	{"7906 asks for its list in pairs and for nothing else (W-TICKETT)",
	 "0 from SIP11.8-2-2ES4S\n32 get term06.default.loads\n33 get term06.default.loads\n"
	 "180 get term06.default.loads\n180 get term06.default.loads\n"
	 "273 get term06.default.loads\n274 get term06.default.loads\n",
	 "32 seen\n32 listed SIP11.8-2-2ES4S\n180 refused SIP11.8-2-2ES4S\n"
	 "180 advice no-bundle-helps\n",
	 0},
	{"7906 is offered another bundle: that is news",
	 "0 from SIP11.8-2-2ES4S\n32 get term06.default.loads\n33 from SCCP70.9-4-2S\n"
	 "33 get term06.default.loads\n34 get term06.default.loads\n",
	 "32 seen\n32 listed SIP11.8-2-2ES4S\n33 listed SCCP70.9-4-2S\n", 0},
	{"7962, normal boot (R-7962AIOS): back, not recovered",
	 "0 ack Cisco Systems, Inc. IP Phone CP-7962G\n5 miss CTLSEP00270DC01C92.tlv\n"
	 "5 miss ITLSEP00270DC01C92.tlv\n5 miss ITLFile.tlv\n6 get SEP00270DC01C92.cnf.xml\n"
	 "9 miss g3-tones.xml\n50 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n5 back\n", 0},
	{"7962 of unknown model: ITL says enough",
	 "5 miss CTLSEP00270DC01C92.tlv\n6 miss ITLSEP00270DC01C92.tlv\n7 get XMLDefault.cnf.xml\n",
	 "5 seen\n6 back\n", 0},
	{"a running phone takes a whole new load",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n6 get XMLDefault.cnf.xml\n"
	 "7 from SCCP70.9-4-2S\n7 get SCCP70.9-4-2S.loads\n8 get jar70sccp.9.sbn\n9 get "
	 "cnu70.9.sbn\n"
	 "80 miss CTLSEP001B54CA0102.tlv\n81 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n8 fetching SCCP70.9-4-2S\n"
	 "9 writing SCCP70.9-4-2S\n80 back SCCP70.9-4-2S\n81 recovered SCCP70.9-4-2S\n"
	 "81 alive SCCP70.9-4-2S 81\n",
	 1},
	{"a running phone gives up in the middle and goes on with its old load",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n6 get XMLDefault.cnf.xml\n"
	 "7 from SCCP70.9-4-2S\n7 get SCCP70.9-4-2S.loads\n8 get jar70sccp.9.sbn\n"
	 "9 start cnu70.9.sbn\n10 abort cnu70.9.sbn\n80 miss CTLSEP001B54CA0102.tlv\n"
	 "81 get XMLDefault.cnf.xml\n82 miss g3-tones.xml\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n8 fetching SCCP70.9-4-2S\n"
	 "80 back SCCP70.9-4-2S\n",
	 0},
	{"a running phone refuses the list",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n7 from SCCP70.9-4-2S\n"
	 "7 get SCCP70.9-4-2S.loads\n80 miss CTLSEP001B54CA0102.tlv\n81 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n80 back\n"
	 "81 refused SCCP70.9-4-2S\n81 advice list-refused\n",
	 0},
	{"7960, behind a CTL the application asks for SIPDefault, as no loader does",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.sb2\n90 miss CTLSEP0011BB73AD61.tlv\n"
	 "90 ask SIPDefault.cnf\n91 get XMLDefault.cnf.xml\n",
	 "20 seen\n20 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n90 back P0S3-8-12-00\n"
	 "90 recovered P0S3-8-12-00\n90 alive P0S3-8-12-00 70\n",
	 1},
	{"a running phone fetches the list again and again: it refuses it",
	 "0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n7 from SCCP70.9-4-2S\n"
	 "7 get SCCP70.9-4-2S.loads\n80 miss CTLSEP001B54CA0102.tlv\n"
	 "81 get SCCP70.9-4-2S.loads\n150 miss CTLSEP001B54CA0102.tlv\n"
	 "151 get SCCP70.9-4-2S.loads\n",
	 "0 seen\n0 leased\n5 back\n7 listed SCCP70.9-4-2S\n80 back\n81 listed SCCP70.9-4-2S\n"
	 "150 back\n151 refused SCCP70.9-4-2S\n151 advice list-refused\n"
	 "151 listed SCCP70.9-4-2S\n",
	 0},
	{"recovered, erased again, recovered again: counted once, its clock starts anew",
	 ERASED_7970 FIVE "92 ask CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "1000 get term70.default.loads\n1012 get jar70sccp.8-3-2-27.sbn\n"
			  "1013 get cnu70.8-3-2-27.sbn\n1014 get apps70.8-3-2-27.sbn\n"
			  "1015 get dsp70.8-3-2-27.sbn\n1016 get cvm70sccp.8-3-2-27.sbn\n"
			  "1090 ask CTLSEP001B54CA0102.tlv\n1091 get XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n"
		     "1000 listed SCCP70.8-3-3S\n1012 fetching SCCP70.8-3-3S\n"
		     "1016 writing SCCP70.8-3-3S\n1090 back SCCP70.8-3-3S\n"
		     "1091 recovered SCCP70.8-3-3S\n1091 alive SCCP70.8-3-3S 91\n",
	 1},
	{"7960, conversion, complete log (julianhead)",
	 "0 from P0S3-8-12-00\n0 ack Cisco Systems, Inc. IP Phone CP-7960G\\x00\n" LOADER_WALK
	 "20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n" LOADER_WALK
	 "47 get P0S3-8-12-00.loads\n50 start P0S3-8-12-00.sb2\n57 done P0S3-8-12-00.sb2\n"
	 "95 get SIPDefault.cnf\n96 miss SIP0011BB73AD61.cnf\n128 miss SIP0011BB73AD61.cnf\n",
	 "0 seen\n0 leased\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n"
	 "57 writing P0S3-8-12-00\n95 back P0S3-8-12-00\n95 recovered P0S3-8-12-00\n"
	 "95 alive P0S3-8-12-00 95\n",
	 1},
	{"7960, the loader walks once more after the .sb2: nothing is proven",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n"
	 "50 get P0S3-8-12-00.sb2\n" LOADER_WALK "95 miss SIPDefault.cnf\n",
	 "20 seen\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n50 writing P0S3-8-12-00\n", 0},
	{"7960, SCCP: CTLSEP, SEP, XMLDefault without SIP and MGC between",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n"
	 "50 get P0S3-8-12-00.sb2\n90 miss CTLSEP0011BB73AD61.tlv\n90 miss "
	 "SEP0011BB73AD61.cnf.xml\n"
	 "91 get XMLDefault.cnf.xml\n",
	 "20 seen\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n50 writing P0S3-8-12-00\n"
	 "91 back P0S3-8-12-00\n91 recovered P0S3-8-12-00\n91 alive P0S3-8-12-00 71\n",
	 1},
	{"7960, the walk after the .sbn is the loader's, even without SIP and MGC",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.loads\n21 get P003-8-12-00.sbn\n"
	 "45 miss CTLSEP0011BB73AD61.tlv\n45 miss SEP0011BB73AD61.cnf.xml\n46 get "
	 "XMLDefault.cnf.xml\n"
	 "47 get P0S3-8-12-00.loads\n",
	 "20 seen\n20 listed P0S3-8-12-00\n21 fetching P0S3-8-12-00\n", 0},
	{"7960, normal boot (R-FPBX7960): back, not recovered",
	 "0 from P0S3-8-12-00\n0 ack Cisco Systems, Inc. IP Phone CP-7960G\n"
	 "25 miss CTLSEP000E84C060A6.tlv\n25 get SEP000E84C060A6.cnf.xml\n25 get "
	 "P0S3-8-12-00.loads\n"
	 "49 get SIPDefault.cnf\n49 miss ./SIP000E84C060A6.cnf\n51 miss RINGLIST.DAT\n"
	 "51 miss dialplan.xml\n",
	 "0 seen\n0 leased\n25 listed P0S3-8-12-00\n49 back\n", 0},
	{"7912 in recovery mode, then its real load",
	 "0 ack Cisco Systems, Inc. IP Phone 7912\n5 from cp7912r\n5 get cp7912r.zup\n"
	 "60 miss SEP001b54ca0102.cnf.xml\n61 get XMLDefault.cnf.xml\n62 from "
	 "CP7912080003SCCP070409A\n"
	 "62 get CP7912080003SCCP070409A.sbin\n120 miss SEP001b54ca0102.cnf.xml\n"
	 "121 miss gk001b54ca0102\n",
	 "0 seen\n0 leased\n5 fetching cp7912r\n5 writing cp7912r\n60 back cp7912r\n"
	 "62 fetching CP7912080003SCCP070409A\n62 writing CP7912080003SCCP070409A\n"
	 "120 back CP7912080003SCCP070409A\n121 recovered CP7912080003SCCP070409A\n"
	 "121 alive CP7912080003SCCP070409A 121\n",
	 1},
	{"7912 in recovery mode, its image is cut off",
	 "0 ack Cisco Systems, Inc. IP Phone 7912\n5 from cp7912r\n5 start cp7912r.zup\n"
	 "6 abort cp7912r.zup\n60 start cp7912r.zup\n61 done cp7912r.zup\n100 start cp7912r.zup\n",
	 "0 seen\n0 leased\n5 fetching cp7912r\n61 writing cp7912r\n100 fetching cp7912r\n", 0},
	{"7912 is on its second image, which is cut off: what the first one did does not count",
	 "5 from cp7912r\n5 get cp7912r.zup\n60 start cp7912r.zup\n61 abort cp7912r.zup\n"
	 "90 miss gk001b54ca0102\n",
	 "5 seen\n5 fetching cp7912r\n5 writing cp7912r\n60 fetching cp7912r\n90 back cp7912r\n",
	 0},
	{"7960, the loader walks, then SCCP: the walk that began last counts",
	 "0 from P0S3-8-12-00\n20 get P0S3-8-12-00.sb2\n" LOADER_WALK
	 "90 miss CTLSEP0011BB73AD61.tlv\n91 get XMLDefault.cnf.xml\n",
	 "20 seen\n20 fetching P0S3-8-12-00\n20 writing P0S3-8-12-00\n91 back P0S3-8-12-00\n"
	 "91 recovered P0S3-8-12-00\n91 alive P0S3-8-12-00 71\n",
	 1},
	{"recovered, its list again, and nothing else: no second proof",
	 ERASED_7970 FIVE "92 ask CTLSEP001B54CA0102.tlv\n94 get XMLDefault.cnf.xml\n"
			  "95 get term70.default.loads\n96 ask CTLSEP001B54CA0102.tlv\n"
			  "97 get XMLDefault.cnf.xml\n",
	 LISTED_7970 "12 fetching SCCP70.8-3-3S\n16 writing SCCP70.8-3-3S\n92 back SCCP70.8-3-3S\n"
		     "94 recovered SCCP70.8-3-3S\n94 alive SCCP70.8-3-3S 94\n"
		     "95 listed SCCP70.8-3-3S\n96 back\n",
	 1},
	{"7912, normal boot with a profile only: back",
	 "5 miss gk001b54ca0102\n6 miss gkdefault.cfg\n", "5 seen\n5 back\n", 0},
	{"a laptop gets a lease and fetches a file of its own",
	 "0 discover MSFT 5.0\n1 ack MSFT 5.0\n2 ask README.txt\n", "", 0},
	{"an erased loader that says nothing of itself",
	 "0 discover \n1 ack \n10 from SCCP70.8-3-3S\n10 get term70.default.loads\n",
	 "0 seen\n1 leased\n10 listed SCCP70.8-3-3S\n", 0},
	{"files of no bundle: alive is as much as can be said",
	 "0 ack \n10 get term70.default.loads\n11 get jar70sccp.old.sbn\n"
	 "90 ask CTLSEP001B54CA0102.tlv\n91 get XMLDefault.cnf.xml\n",
	 "0 seen\n0 leased\n10 listed\n11 fetching\n90 back\n91 recovered\n91 alive ? 91\n", 1},
};

static void records(void **state)
{
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int by_ip = 0; by_ip < 2; by_ip++) {
			play_begin(&p);
			/* the same without MACs, where the lease was seen before */
			p.by_ip = by_ip && strstr(cases[i].script, " ack ");
			play_reset();
			play_run(&p, cases[i].script);
			if (strcmp(p.out, cases[i].expected) != 0)
				fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, p.out,
					 cases[i].expected);
			assert_int_equal(play_phones.recovered, cases[i].recovered);
			assert_in_range(p.longest, 0, 3);
		}
	}
}

static void sentences(void **state)
{
	static struct play p;

	(void)state;
	play_begin(&p);
	play_reset();
	play_run(&p, cases[0].script);
	assert_string_equal(p.text,
			    "00:1b:54:ca:01:02 (7970) was seen for the first time.\n"
			    "00:1b:54:ca:01:02 (7970) has the address 10.79.70.51.\n"
			    "00:1b:54:ca:01:02 (7970) has the packing list of SCCP70.8-3-3S, which "
			    "names 5 files.\n"
			    "00:1b:54:ca:01:02 (7970) fetches the firmware SCCP70.8-3-3S.\n"
			    "00:1b:54:ca:01:02 (7970) has everything and writes its flash now. The "
			    "screen stays "
			    "black for up to 15 minutes. Do not unplug it.\n"
			    "00:1b:54:ca:01:02 (7970) is back and asks for its configuration.\n"
			    "00:1b:54:ca:01:02 (7970) has proven that it runs.\n"
			    "00:1b:54:ca:01:02 (7970) is alive again and runs SCCP70.8-3-3S: "
			    "proven by the requests "
			    "only a running phone makes, 94 seconds after it was first seen.\n");
}

/* What is said where the records above see only that something is. */
static void pieces(void **state)
{
	static const struct {
		const char *script, *said;
	} row[] = {
		{ERASED_7970 "12 get jar70sccp.8-3-2-27.sbn\n20 get term70.default.loads\n",
		 "starts over: it fetched the packing list of SCCP70.8-3-3S again."},
		{ERASED_7970 FIVE "20 get term70.default.loads\n",
		 "starts over: it fetched the packing list of SCCP70.8-3-3S again."},
		{"0 ack " C7970 "1 get term70.default.loads\n",
		 "has its packing list, term70.default.loads."},
		{"0 ack " C7970 "1 start term70.default.loads\n2 get jar70sccp.old.sbn\n",
		 "has its packing list.\n"},
		{ERASED_7970 FIVE "92 sccp -\n", "proven by its registration (SCCP)"},
		{"0 ack Cisco Systems, Inc. IP Phone CP-7911G\n1 from SIP11.8-2-2ES4S\n"
		 "1 get term11.default.loads\n2 get jar11sip.8-2-2ES4.sbn\n"
		 "3 get cnu11.8-2-2ES4.sbn\n92 sip -\n",
		 "proven by its registration (SIP)"},
		{"0 ack " C7970 "5 miss CTLSEP001B54CA0102.tlv\n7 from SCCP70.9-4-2S\n"
		 "7 get SCCP70.9-4-2S.loads\n80 miss CTLSEP001B54CA0102.tlv\n"
		 "81 get XMLDefault.cnf.xml\n",
		 "because it is signed with the new key and the phone knows only the old one"},
		{"0 from SIP11.8-2-2ES4S\n32 get term06.default.loads\n"
		 "33 get term06.default.loads\n180 get term06.default.loads\n"
		 "180 get term06.default.loads\n",
		 "because the code of the phone is too old for it, or its hardware too new"},
		{"0 ack " C7970 "1 from SCCP70.7-7-7S\n1 get SCCP70.7-7-7S.loads\n",
		 "has its packing list, SCCP70.7-7-7S.loads."},
	};
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		play_begin(&p);
		play_reset();
		play_run(&p, row[i].script);
		if (!strstr(p.text, row[i].said))
			fail_msg("%s\ndoes not say\n%s", p.text, row[i].said);
	}
}

/* A list of one file is counted too. */
static void one_file(void **state)
{
	static struct play p;
	struct bundle *b = &play_sketch.bundles[2];
	unsigned all = b->file_count;

	(void)state;
	assert_string_equal(b->load, "SCCP70.9-4-2S");
	play_begin(&p);
	play_reset();
	b->file_count = 2; /* the list and its first image */
	play_run(&p, "0 ack " C7970 "1 from SCCP70.9-4-2S\n1 get SCCP70.9-4-2S.loads\n");
	b->file_count = all;
	if (!strstr(p.text, "has the packing list of SCCP70.9-4-2S, which names 1 file.\n"))
		fail_msg("%s", p.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(records),
		cmocka_unit_test(sentences),
		cmocka_unit_test(one_file),
	};

	play_make_library();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
