package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench/rooms"
)

func TestPlanRooms(t *testing.T) {
	require.Len(t, planRooms(true, nil), 2, "the cheapest room alone")
	require.Greater(t, len(planRooms(false, nil)), len(rooms.Kinds()), "all, most of them for one company and for a block")
	require.Empty(t, planRooms(false, regexp.MustCompile("lattice/band")))
	require.Len(t, planRooms(true, regexp.MustCompile("room/admission")), 1)
}

// TestRoomWorker runs a room as the report does, and wants it in the report.
func TestRoomWorker(t *testing.T) {
	r := &report{begin: time.Now(), out: t.TempDir(), log: io.Discard, quick: true}
	k := rooms.Kinds()[0]
	require.NoError(t, r.rooms(t.Context(), []roomPlan{{k, 5}}))
	require.NotEmpty(t, r.Rooms)
	p := new(page)
	r.roomTable(p)
	for _, x := range r.Rooms {
		require.Positive(t, x.Seconds)
		require.Positive(t, x.Runs)
		require.Contains(t, p.String(), x.Step)
	}
	require.ErrorContains(t, r.rooms(t.Context(), []roomPlan{{rooms.Kind{Name: "none"}, 1}}), "no room")
}

func TestRatios(t *testing.T) {
	r := &report{}
	r.Rooms = []roomFigure{{Figure: rooms.Figure{Step: rooms.AdmitStep, N: 100, Seconds: 1}}, {Figure: rooms.Figure{Step: "other", N: 100, Seconds: 9}}}
	like := row{Engine: "ot", Link: string(linkTCP), Output: "band", Levels: 256, N: 100, Seconds: 4}
	other := like
	other.N = 10
	line := like
	line.Link = string(linkWAN)
	r.Rows = []row{like, other, line}
	require.Equal(t, []ratio{{"ot", "tcp", 100, 0.25}}, r.ratios())
	r.Ratios = r.ratios()
	p := new(page)
	r.roomTable(p)
	require.True(t, strings.Contains(p.String(), "0.25 of the time"), p.String())
}
