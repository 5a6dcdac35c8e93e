package mpc

import "github.com/blindscore/blindscore/mpc/internal/replay"

func init() { replay.NewSession = newSession }
