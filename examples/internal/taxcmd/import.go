package taxcmd

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/records"
)

func importCommand() *cobra.Command {
	var recipe, db string
	var progress cli.Progress
	cmd := &cobra.Command{
		Use:   "import --recipe RECIPE.yaml --db FILE.db DATA.csv",
		Short: "Load a CSV file into a table of a SQLite database",
		Long: `Loads a CSV file into one table of a SQLite database, which is made if it is missing. The recipe says
which column of the file becomes which column of the table, and of what type. The import takes effect as a whole or
not at all, also while the node serves from the database. A wrong field is reported by line and column.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			r, err := records.ReadRecipe(recipe)
			if err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("%w: %w", cli.ErrInput, err)
			}
			defer file.Close()
			conn, err := records.OpenImport(cmd.Context(), db)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, conn.Close()) }()
			size := 0
			if info, err := file.Stat(); err == nil {
				size = int(info.Size())
			}
			step, end, err := progress.Start(cmd.ErrOrStderr(), "bytes imported")
			if err != nil {
				return err
			}
			defer end()
			done, err := records.Import(cmd.Context(), conn, r, file, records.ImportOptions{
				Progress: func(p records.Progress) { step(int(p.Bytes), size) },
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "imported %d rows into %s\n", done.Rows, r.Table)
			return err
		},
	}
	cmd.Flags().StringVar(&recipe, "recipe", "", "recipe file (YAML) (required)")
	cmd.Flags().StringVar(&db, "db", "", "path of the SQLite file (required)")
	progress.Add(cmd.Flags())
	need(cmd, "recipe", "db")
	return cmd
}
